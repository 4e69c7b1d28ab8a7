import os
import sys
import types

import pytest

from tui_dl.ui.ink import cells
from tui_dl.ui.meters import GpuReading, MeterReading, Meters, ProcessReading, meter_line, visible_gpu

READING = MeterReading(
    0.45, 2, 3 << 30, 8 << 30, ProcessReading(0.06, 95 << 20), ProcessReading(0.98, 512 << 20)
)


def text(reading: MeterReading | None, width: int) -> str:
    return "".join(part if isinstance(part, str) else part[0] for part in meter_line(reading, width))  # type: ignore[misc]


def test_the_machine_and_this_process_are_read() -> None:
    reading = Meters().read(os.getpid())
    assert 0 <= reading.busy_share <= 1
    assert 0 < reading.used_bytes <= reading.total_bytes
    assert reading.screen is not None
    assert reading.screen.resident_bytes > 10 << 20
    assert reading.engine is not None
    assert reading.gpu is None


def test_a_process_that_is_gone_is_left_out() -> None:
    meters = Meters()
    assert meters.read(2**22 - 1).engine is None
    assert meters.read(0).engine is None


@pytest.mark.parametrize("width", [1, 20, 44, 80, 160])
def test_the_line_fits_and_the_machine_comes_first(width: int) -> None:
    assert cells(meter_line(READING, width)) <= max(width, 11)
    if width >= 44:
        assert "cpu  45% of 2  memory 3.0 GiB of 8.0 GiB" in text(READING, width)
    if width >= 80:
        assert "engine  98% 512.0 MiB" in text(READING, width)


def test_memory_that_runs_out_is_marked_without_colour() -> None:
    full = MeterReading(0.1, 2, 79 << 29, 80 << 29, gpu=GpuReading(0.5, 79 << 30, 80 << 30))
    assert text(full, 100).count("!") == 2


@pytest.mark.parametrize(
    ("device", "visible", "name"),
    [
        ("cuda:0 (H100)", "", "0"),
        ("cuda:1 (H100)", "3,5", "5"),
        ("cuda (H100)", "GPU-abc", "GPU-abc"),
        ("cuda:2", "7", "2"),
    ],
)
def test_the_gpu_is_found_behind_cudas_own_numbers(device: str, visible: str, name: str) -> None:
    assert visible_gpu(device, {"CUDA_VISIBLE_DEVICES": visible}) == name


class Driver(types.ModuleType):
    """NVIDIA's library, as far as it is asked."""

    def __init__(self, *, works: bool) -> None:
        super().__init__("pynvml")
        self.works, self.asked = works, 0

    def nvmlInit(self) -> None:  # noqa: N802 - its name
        self.asked += 1
        if not self.works:
            raise OSError("no driver")

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetMemoryInfo(self, _handle: int) -> object:  # noqa: N802
        return types.SimpleNamespace(used=2 << 30, total=80 << 30)

    def nvmlDeviceGetUtilizationRates(self, _handle: int) -> object:  # noqa: N802
        return types.SimpleNamespace(gpu=43)


@pytest.mark.parametrize("works", [True, False])
def test_a_gpu_is_read_for_a_run_on_cuda_and_without_a_driver_there_is_silence(
    monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    driver = Driver(works=works)
    monkeypatch.setitem(sys.modules, "pynvml", driver)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    meters = Meters()
    assert meters.read(0, "cpu").gpu is None
    assert driver.asked == 0
    found = [meters.read(0, "cuda:0 (H100)").gpu for _ in range(3)]
    assert found == [GpuReading(0.43, 2 << 30, 80 << 30) if works else None] * 3
    assert driver.asked == 1
