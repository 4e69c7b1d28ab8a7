"""`tui-dl find-rate`: its lines, its words and its mistakes; it leaves no run."""

from pathlib import Path

import pytest

from tests.end_to_end.program import folders, parsed, run, tiny


def test_it_says_what_it_found_and_leaves_nothing(tmp_path: Path) -> None:
    arguments = ("find-rate", tiny(tmp_path), "--batches", "40", "--highest", "1", "--after", "5")
    ended = run(*arguments, "--jsonl", "-")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = parsed(ended.stdout)
    assert [line["type"] for line in lines] == ["rate"] * (len(lines) - 1) + ["rate_found"]
    assert [line["batch"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert (lines[0]["lr"], lines[-1]["step"], lines[-1]["batches"]) == (1e-6, 5, 40)
    if len(lines) == 41:
        assert (lines[-2]["lr"], lines[-1]["ended"]) == (1.0, "tried")
    assert {"loss", "smoothed"} <= lines[0].keys()
    assert folders() == []
    words = run(*arguments, "--jsonl", str(tmp_path / "lines"))
    assert (tmp_path / "lines").read_text() == ended.stdout
    suggested = lines[-1]["suggested"]
    assert ("no suggestion" if suggested is None else f"{suggested:.2g}") in words.stdout
    assert folders() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--lowest", "5", "--highest", "2"), "lowest: 5 is not below highest, 2"),
        (("--batches", "3"), "batches"),
        (("--set", "optimizer.lr=-1"), "optimizer.lr"),
    ],
)
def test_a_mistake_is_one_message_and_no_run(tmp_path: Path, wrong: tuple[str, ...], said: str) -> None:
    ended = run("find-rate", tiny(tmp_path), *wrong)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert folders() == []
