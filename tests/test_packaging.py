"""What a distribution promises: version, command, presets, and dependencies that each have a reason."""

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import tui_dl
from tests.sources import imported_packages

ROOT = Path(__file__).parents[1]
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = METADATA["project"]

# Distributions that are imported under another name.
IMPORTED_AS = {
    "nvidia-ml-py": "pynvml",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
    "tomli-w": "tomli_w",
}


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return found.group().lower()


def _requirements() -> list[str]:
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    return [*METADATA["build-system"]["requires"], *PROJECT["dependencies"], *extras]


def test_installed_version_is_the_package_version() -> None:
    assert importlib.metadata.version("tui-dl") == tui_dl.__version__


def test_the_command_is_installed() -> None:
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="tui-dl")
    assert command.value == "tui_dl.cli:main" == PROJECT["scripts"]["tui-dl"]


@pytest.mark.parametrize("requirement", _requirements(), ids=_name)
def test_a_dependency_says_why_it_is_there(requirement: str) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if f'"{requirement}"' in line]
    assert lines
    assert all(len(re.findall(r"\w+", line.partition("#")[2])) >= 2 for line in lines), lines


@pytest.mark.parametrize("requirement", _requirements()[1:], ids=_name)
def test_a_dependency_is_pinned_within_its_bounds(requirement: str) -> None:
    wanted = Requirement(requirement)
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert pins[wanted.name] in wanted.specifier


def test_every_runtime_import_is_declared() -> None:
    declared = {IMPORTED_AS.get(_name(line), _name(line)) for line in PROJECT["dependencies"]}
    known = declared | sys.stdlib_module_names | {"tui_dl"}
    undeclared = {file: imported_packages(file) - known for file in (ROOT / "tui_dl").rglob("*.py")}
    assert {file.name: names for file, names in undeclared.items() if names} == {}


def test_wheel_takes_the_presets_along() -> None:
    forced = METADATA["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert forced == {"presets": "tui_dl/presets"}
    assert list((ROOT / "presets").glob("*.toml"))
