from tests.ui.fake_engine import described, evaluation, status
from tui_dl.ui.alerts import ATTENTION_S, alert_text, is_away
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import NonFiniteFound, RunFailed, RunFinished


def test_away_is_who_has_not_touched_the_terminal_of_late() -> None:
    assert is_away(None, 0.0)
    assert not is_away(100.0, 100.0 + ATTENTION_S / 2)
    assert is_away(100.0, 100.0 + ATTENTION_S)


def test_an_alert_names_the_run_and_what_matters() -> None:
    model = RunModel(preset="digits-mlp")
    for message in (described(), status("running", 920), evaluation(920, 0.1), RunFinished("epochs", 920)):
        model.apply(message)
    assert (
        alert_text("finished", model) == "tui-dl: digits-mlp finished at step 920, validation accuracy 90.0%"
    )
    model.apply(NonFiniteFound(920, "loss", "layers.0"))
    assert alert_text("nonfinite", model).endswith("paused at step 920: non-finite loss in layers.0")
    model.apply(RunFailed("out of memory\ntrace", 3))
    assert alert_text("failed", model).endswith("failed at step 920: out of memory")
    assert "its engine is gone" in alert_text("failed", RunModel())
