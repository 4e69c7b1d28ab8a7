import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tui_dl.cli.screenshot import size


def take(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tui_dl", "screenshot", *arguments]
    environment = {**os.environ, "TUI_DL_HOME": str(home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_preset_is_pictured_at_each_size_and_its_run_deleted(tmp_path: Path) -> None:
    target = tmp_path / "pictures" / "outliers.svg"
    sizes = ("--size", "80x24", "--size", "120x36")
    taken = take(tmp_path, "outliers", "--steps", "20", *sizes, "--output", str(target), "--colours", "256")
    assert (taken.returncode, taken.stderr) == (0, "")
    paths = [Path(line) for line in taken.stdout.splitlines()]
    assert paths == [target.with_name("outliers-80x24.svg"), target.with_name("outliers-120x36.svg")]
    for path in paths:
        picture = path.read_text(encoding="utf-8")
        text = "".join(ElementTree.fromstring(picture).itertext()).replace("\xa0", " ")
        assert "step 20" in text
        assert "train" in text
        assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_picture_without_colour_has_greys_alone(tmp_path: Path) -> None:
    target = tmp_path / "grey.svg"
    taken = take(tmp_path, "outliers", "--steps", "5", "--output", str(target), "--colours", "none")
    assert taken.returncode == 0, taken.stderr
    drawn = re.sub(r"<circle[^>]*>", "", target.read_text(encoding="utf-8"))
    for colour in set(re.findall(r"#([0-9a-f]{6})", drawn)):
        channels = [int(colour[at : at + 2], 16) for at in (0, 2, 4)]
        assert max(channels) - min(channels) <= 16, colour


@pytest.mark.parametrize("text", ["160", "x48", "160x", "9x48", "160x1001", "-1x3"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"size|cells"):
        size(text)


def test_what_is_neither_preset_nor_run_is_said_as_elsewhere(tmp_path: Path) -> None:
    taken = take(tmp_path, "vanishing-gradiant")
    assert taken.returncode == 2
    assert "vanishing-gradient" in taken.stderr
    assert "Traceback" not in taken.stderr
