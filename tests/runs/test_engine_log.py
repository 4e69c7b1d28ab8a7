import random
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tui_dl.runs.engine_log import (
    FIRST_READ_BYTES,
    LONGEST_LINE_BYTES,
    EngineLog,
    last_lines,
    printable,
)


def texts(log: EngineLog) -> list[str]:
    return [line.text for line in log.lines]


def test_a_log_that_is_not_there_may_come_later(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "engine.log")
    assert not log.has_news()
    assert not log.read()
    log.path.write_bytes(b"")
    assert log.has_news()
    assert log.read()
    assert texts(log) == []
    assert not log.has_news()


def test_it_reads_on_where_it_stopped_and_shows_half_a_line(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "engine.log")
    with log.path.open("ab", buffering=0) as file:
        file.write(b"one\ntw")
        assert log.read()
        assert (texts(log), log.unfinished) == (["one"], "tw")
        assert not log.has_news()
        file.write(b"o\nthree\r\n")
        assert log.has_news()
        assert log.read()
        assert (texts(log), log.unfinished) == (["one", "two", "three"], "")
        assert [line.is_live for line in log.lines] == [False, True, True]


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_the_pieces_in_which_it_comes_make_no_difference(tmp_path: Path, chunk: int) -> None:
    data = "é한글\nprogress 1%\rprogress 50%\rprogress 100%\r\n\n\x1b[31mred\x1b[0m\tx\nend".encode()
    log = EngineLog(tmp_path / "engine.log")
    with log.path.open("ab", buffering=0) as file:
        for start in range(0, len(data), chunk):
            file.write(data[start : start + chunk])
            log.read()
    assert texts(log) == ["é한글", "progress 100%", "", "red     x"]
    assert log.unfinished == "end"


def test_a_huge_line_is_cut_and_says_so(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "engine.log")
    log.path.write_bytes(b"x" * 100_000 + b"\nnext\n")
    log.read()
    assert texts(log)[0].startswith("x" * LONGEST_LINE_BYTES + "… (95,904 more bytes)")
    assert texts(log)[1] == "next"


def test_of_a_long_log_the_end_is_read_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    path.write_bytes(b"".join(b"line %06d\n" % number for number in range(100_000)))
    log = EngineLog(path, most_lines=1000)
    log.read()
    assert len(log.lines) == 1000
    assert texts(log)[-1] == "line 099999"
    whole = EngineLog(path, most_lines=10**6)
    whole.read()
    assert len(whole.lines) <= FIRST_READ_BYTES / 12 + 2
    first, second = texts(whole)[:2]
    assert "bytes before this are in engine.log" in first
    # What is skipped is counted to the byte, and no half line stands after it.
    skipped = int(first.split()[0].strip("(").replace(",", ""))
    assert skipped % 12 == 0
    assert second == f"line {skipped // 12:06d}"


def test_one_who_fell_behind_skips_to_the_end(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "engine.log")
    log.path.write_bytes(b"first\n")
    log.read()
    with log.path.open("ab") as file:
        file.write(b"much\n" * FIRST_READ_BYTES)
        file.write(b"last\n")
    log.read()
    assert texts(log)[-1] == "last"
    assert any("bytes before this" in text for text in texts(log)) or len(log.lines) == log.lines.maxlen


def test_a_log_that_was_cut_or_replaced_is_read_anew(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "engine.log")
    log.path.write_bytes(b"a\nb\nc\n")
    log.read()
    log.path.write_bytes(b"d\n")
    assert log.has_news()
    log.read()
    assert texts(log) == ["d"]
    log.path.unlink()
    assert log.has_news()
    assert not log.read()
    assert not log.is_there


@given(st.binary(max_size=600), st.randoms())
def test_whatever_is_written_there_is_shown_in_printable_characters(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, chance: random.Random
) -> None:
    log = EngineLog(tmp_path_factory.mktemp("log") / "engine.log")
    with log.path.open("ab", buffering=0) as file:
        while data:
            size = chance.randint(1, len(data))
            file.write(data[:size])
            data = data[size:]
            log.read()
    for text in [*texts(log), log.unfinished]:
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)


def test_nothing_printable_can_command_a_terminal() -> None:
    assert printable("\x1b]0;title\x07a\x1b[2Jb\x9bc\u202ed") == "ab�c�d"
    assert printable("\x00" * 50) == "���"


def test_the_last_lines_are_few_and_a_missing_file_has_none(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    assert last_lines(path, 5) == []
    path.write_bytes(b"x" * 50_000 + b"\nlast but one\n\n\xff last\n")
    assert last_lines(path, 2) == ["last but one", "� last"]
    assert last_lines(path, 0) == []
