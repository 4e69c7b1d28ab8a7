import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.fake_engine import described, status
from tui_dl.ui.ink import Line, cells
from tui_dl.ui.log_entries import FILTERS
from tui_dl.ui.panels.log import LogPanel
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import ChangeApplied, Noticed, SceneReached
from tui_dl.wire.plans import Receipt

RECEIPT = Receipt(50, 0, {"model.activation": "tanh"}, (("model.activation", "relu", "tanh"),), ("weights",))


def text(line: Line) -> str:
    return "".join(part if isinstance(part, str) else part[0] for part in line)  # type: ignore[misc]


def panel_with(entries: int, folder: Path | None = None) -> LogPanel:
    model = RunModel(path=str(folder or ""))
    for number in range(entries):
        model.note(f"entry {number}")
    return LogPanel(model, id="log")


def body(panel: LogPanel, width: int = 80, height: int = 11) -> list[str]:
    return [text(line) for line in panel.build(width, height)[1:]]


def sized(panel: LogPanel, width: int, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from textual.geometry import Size

    monkeypatch.setattr(LogPanel, "content_size", Size(width, height))
    monkeypatch.setattr(LogPanel, "repaint", lambda _self: 0)


def test_the_newest_stands_last_and_what_does_not_fit_is_above() -> None:
    lines = body(panel_with(100))
    assert len(lines) == 10
    assert [line.split()[-1] for line in lines] == [str(number) for number in range(90, 100)]
    assert "following" in text(panel_with(100).build(80, 11)[0])


def test_scrolled_up_it_stays_while_more_comes_and_follows_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    panel = panel_with(100)
    sized(panel, 80, 11, monkeypatch)
    panel.move_lines(-20)
    before = body(panel)
    assert before[-1].endswith("entry 79")
    assert not panel.is_following
    assert "End follows" in text(panel.build(80, 11)[0])
    panel.model.note("new")
    assert body(panel) == before
    panel.move_lines(15)
    assert body(panel)[-1].endswith("entry 94")
    panel.move_lines(100)
    assert panel.is_following
    assert body(panel)[-1].endswith("new")


def test_the_first_screenful_is_the_highest(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_with(100)
    sized(panel, 80, 11, monkeypatch)
    panel.jump(-1)
    assert [line.split()[-1] for line in body(panel)] == [str(number) for number in range(10)]
    panel.move_lines(-5)
    assert body(panel)[0].endswith("entry 0")
    panel.move_lines(1)
    assert body(panel)[0].endswith("entry 1")
    panel.jump(1)
    assert panel.is_following


def test_entries_that_were_let_go_leave_the_place_near_by(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_with(100)
    sized(panel, 80, 11, monkeypatch)
    panel.move_lines(-50)
    del panel.model.events[:80]
    assert body(panel)
    panel.model.events.clear()
    assert "appear here" in " ".join(body(panel))


@given(
    st.lists(st.text(max_size=300), max_size=30),
    st.lists(st.sampled_from([-1000, -7, -1, 1, 3, 1000]), max_size=12),
    st.integers(1, 130),
    st.integers(0, 20),
)
def test_anywhere_at_any_size_lines_fit(notes: list[str], moves: list[int], width: int, height: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        panel = panel_with(0)
        sized(panel, width, height, patch)
        for note in notes:
            panel.model.note(note)
        for move in moves:
            panel.move_lines(move)
            lines = panel.build(width, height)
            if width >= 30:
                assert all(cells(line) <= width for line in lines[1:])
            assert not notes or len(lines) <= max(height, 1)


def test_kinds_are_told_by_words_and_marks_and_can_be_shown_alone() -> None:
    panel = panel_with(0)
    model = panel.model
    for message in (
        described(),
        status("running", 50),
        ChangeApplied(RECEIPT),
        SceneReached(0, True),
        Noticed("warning", "the disk is full"),
        status("paused", 60, detail="scene 1"),
    ):
        model.apply(message)
    lines = body(panel, 100)
    assert any("change" in line and " + " in line and "50" in line for line in lines)
    assert any("notice" in line and " ! " in line for line in lines)
    assert any("state" in line and "paused: scene 1" in line for line in lines)
    found = {}
    for name in FILTERS:
        panel.entries.filter = name
        found[name] = " ".join(body(panel, 100))
    assert "relu → tanh" in found["changes"]
    assert "disk is full" not in found["changes"]
    assert "scene 1" in found["course"]
    assert "disk is full" in found["problems"]
    assert "not on this machine" in found["engine"]


def test_stepping_by_hand_leaves_one_line_of_states() -> None:
    model = RunModel()
    model.apply(described())
    for step in range(50):
        model.apply(status("running", step))
        model.apply(status("paused", step + 1))
    assert [entry.text for entry in model.events if entry.kind == "state"] == ["paused"]


def test_the_engines_words_stand_between_the_runs_events(tmp_path: Path) -> None:
    panel = panel_with(1, tmp_path)
    log = tmp_path / "engine.log"
    log.write_bytes(b"Traceback (most recent call last):\n    indented\n\xff\x1b[31mred\x1b[0m half")
    import os

    os.utime(log, (time.time() + 100,) * 2)
    engine = panel._engine()
    assert engine is not None
    assert engine.read()
    lines = body(panel)
    assert [line.split()[0] for line in lines[1:]] == ["engine"] * 3
    assert lines[2].endswith("      indented")
    assert lines[3].endswith("�red half")
    panel.entries.filter = "engine"
    assert len(body(panel)) == 3
