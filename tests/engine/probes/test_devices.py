import pytest

from tests.engine.probes.observing import make_batch, trainer
from tui_dl.engine.probes.histograms import HistogramsProbe
from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.probes.optimizer_state import OptimizerProbe
from tui_dl.engine.probes.registry import make_probes


@pytest.mark.cuda
@pytest.mark.parametrize("preset", ["digits-mlp", "linear-collapse", "outliers"])
def test_a_gpu_shows_what_a_cpu_shows(preset: str) -> None:
    shown = []
    for device in ("cpu", "cuda"):
        seen, probes = trainer(preset, {"training.device": device}), make_probes()
        for _ in range(3):
            make_batch(seen, *probes)
        shown.append({probe.name: probe.reading() for probe in probes})
        layers, histograms, optimizer = LayersProbe(), HistogramsProbe(), OptimizerProbe()
        make_batch(seen, layers, histograms, optimizer)
        by_layer, state, counted = layers.reading(), optimizer.reading(), histograms.reading()
        assert by_layer is not None
        assert state is not None
        assert counted is not None
        norms = [each.grad_norm for each in by_layer.layers]
        means = [each.mean for each in counted.histograms]
        shown[-1]["numbers"] = [*norms, by_layer.grad_ratio, state.effective_step, *means]
    on_cpu, on_gpu = shown
    assert {name: type(reading) for name, reading in on_cpu.items()} == {
        name: type(reading) for name, reading in on_gpu.items()
    }
    assert on_gpu["numbers"] == pytest.approx(on_cpu["numbers"], rel=1e-2, abs=1e-5)
