import pytest

from tests.ui.fake_engine import described, status
from tui_dl.ui.keys.keymap import keymap_for
from tui_dl.ui.panels.histogram_pair import newest_data
from tui_dl.ui.panels.status import STATES, StatusPanel
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.state_words import explained
from tui_dl.wire.messages import PROTOCOL, NonFiniteFound, RunFailed, RunFinished, SceneReached, Welcomed

WELCOME = Welcomed(PROTOCOL, "run-1", 1, "0.1.0", True)


def model_in(*messages: object, **fields: object) -> RunModel:
    model = RunModel()
    for message in (WELCOME, described(), *messages):
        model.apply(message)  # type: ignore[arg-type]
    for name, value in fields.items():
        setattr(model, name, value)
    return model


ALL = {
    "starting": (RunModel(), "q cancels"),
    "loading": (RunModel(status=status("starting", detail="loading torch"), loading_s=7), "torch (7s)"),
    "connecting": (RunModel(status=status("starting", detail="connecting to the engine")), "q cancels"),
    "compiling": (model_in(status("running", detail="compiling the step")), "first steps come late"),
    "paused": (model_in(status("paused", 5)), "by hand: space goes on"),
    "stalled": (model_in(status("running", 5), stalled_s=12), "no step for 12s"),
    "disconnected": (model_in(link="lost", link_detail="broken pipe", retry_s=4), "trying again in 4s"),
    "failed": (model_in(RunFailed("out of memory", 3), link="failed"), "out of memory: 6 shows the log"),
    "closed": (model_in(link="closed", run="run-1"), "tui-dl resume run-1"),
    "finished": (model_in(status("finished", 9)), "q leaves"),
}


@pytest.mark.parametrize("state", ALL)
def test_every_state_is_told_apart_and_says_what_to_do(state: str) -> None:
    model, words = ALL[state]
    assert model.state == state
    assert words in explained(model)
    line = StatusPanel(model).build(100, 2)[0]
    text = "".join(part if isinstance(part, str) else part[0] for part in line)  # type: ignore[misc]
    assert STATES[state][0] in text
    assert words in text
    assert len({text for text, _ in STATES.values()}) == len(STATES)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([NonFiniteFound(5, "loss", "layers.0"), status("paused", 5, detail="non-finite loss")], "o changes"),
        (
            [NonFiniteFound(5, "loss", "layers.0"), status("paused", 5, undo_depth=1)],
            "u undoes the last change",
        ),
        ([status("paused", 5, scene=0, scene_waiting=True), SceneReached(0, True)], "PgDn goes on"),
        ([status("paused", 5, detail="all 40 epochs are done"), RunFinished("epochs", 5)], "all 40 epochs"),
        ([status("paused", 5, phase="forward")], "after forward: p next phase"),
    ],
)
def test_a_pause_says_why(messages: list[object], words: str) -> None:
    assert words in explained(model_in(*messages))


def test_while_all_goes_by_itself_the_title_is_shown() -> None:
    assert explained(model_in(status("running", 5))).startswith("Handwritten digits")


@pytest.mark.parametrize("width", [44, 60, 80, 120])
def test_at_every_width_what_to_do_comes_before_speed(width: int) -> None:
    model = model_in(status("running", 5), goal=(0, 100))
    line = StatusPanel(model).build(width, 2)[0]
    text = "".join(part if isinstance(part, str) else part[0] for part in line)  # type: ignore[misc]
    assert "batch 5 of 100" in text
    assert len(text) <= width


def test_loading_that_takes_very_long_says_how_to_end_it() -> None:
    model = RunModel(status=status("starting", detail="loading torch"), loading_s=90)
    assert "tui-dl stop" in explained(model)


def test_an_end_without_a_checkpoint_promises_no_resume() -> None:
    model = model_in(RunFinished("stopped", 5, ""), link="closed")
    assert "could not be written" in explained(model)
    model = model_in(RunFinished("stopped", 5, "/runs/x.pt"), link="closed", run="run-1")
    assert "tui-dl resume run-1" in explained(model)


@pytest.mark.parametrize("path", ["/runs/run-1", ""])
def test_what_is_wrong_with_the_recording_stays_in_sight(path: str) -> None:
    notice = "recording stopped: /runs/run-1/run.db: the disk is full"
    model = model_in(status("running", 5, notice=notice), path=path)
    assert "the disk is full: 6 shows the log" in explained(model)


def test_words_name_the_keys_that_this_user_has() -> None:
    model = model_in(status("paused", 5))
    model.keymap = keymap_for({"run": "f7", "pause": "f7", "step": "f8"})
    assert "f7 goes on, f8 makes one batch" in explained(model)
    assert "f8 makes one" in newest_data(model, "layers.0", "weights").empty_text
