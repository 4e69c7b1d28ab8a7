"""What may know about what: the import contracts, and what each part really loads when it is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import tui_dl
from tests.sources import imported_packages

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tui_dl"

# Each costs a process time and memory, or ties it to a terminal: only these parts may import one by name,
HEAVY = {"torch", "sklearn", "scipy", "textual", "plotext"}
MAY_IMPORT = {
    "components": {"torch", "sklearn"},
    "engine": {"torch"},
    "report": {"plotext"},
    "ui": {"textual"},
}
# and only these may hold one after an import, what their own imports load included.
MAY_LOAD = MAY_IMPORT | {part: {"torch", "sklearn", "scipy"} for part in ("components", "engine")}
PARTS = sorted(
    {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    | {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
)

_LIST_LOADED = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def _files_of(part: str) -> list[Path]:
    """List the sources of a top-level part of the package: one module, or a folder of them."""
    path = PACKAGE / part
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def _modules_of(part: str) -> list[str]:
    """Name every module of a top-level part of the package, without importing any."""
    names = [
        file.relative_to(ROOT).with_suffix("").parts for file in _files_of(part) if file.name != "__main__.py"
    ]
    return [".".join(name[:-1] if name[-1] == "__init__" else name) for name in names]


def _loaded_by(*modules: str) -> set[str]:
    """Import modules in a fresh interpreter and return the top-level packages that it then holds."""
    ended = subprocess.run(
        [sys.executable, "-c", _LIST_LOADED, json.dumps(modules)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("\n") == 1, f"an import wrote to standard output: {ended.stdout}"
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_nothing_heavy_that_is_not_its_own(part: str) -> None:
    imported = {file.name: imported_packages(file) & HEAVY for file in _files_of(part)}
    allowed = MAY_IMPORT.get(part, set())
    assert {name: heavy for name, heavy in imported.items() if heavy - allowed} == {}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_loads_nothing_heavy_that_is_not_its_own(part: str) -> None:
    modules = _modules_of(part)
    assert modules
    assert _loaded_by(*modules) & HEAVY <= MAY_LOAD.get(part, set())


def test_the_package_alone_loads_nothing_heavy() -> None:
    assert _loaded_by("tui_dl") & (HEAVY | {"numpy", "msgspec", "asyncio"}) == set()


def test_the_first_paint_of_a_run_waits_for_nothing_that_plots_need() -> None:
    loaded = _loaded_by("tui_dl.cli.running", "tui_dl.cli.openings", "tui_dl.ui.app", "tui_dl.ui.screens.run")
    assert loaded & (HEAVY - {"textual"} | {"numpy", "PIL", "pygments", "psutil", "pynvml"}) == set()


def test_what_is_loaded_would_be_noticed() -> None:
    assert {"textual", "sklearn"} <= _loaded_by("textual.app", "sklearn")


def test_import_contracts_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_a_public_name_is_listed_and_an_unknown_one_refused() -> None:
    assert set(tui_dl.__all__) <= set(dir(tui_dl))
    with pytest.raises(AttributeError, match="no attribute 'Trainr'"):
        _ = tui_dl.Trainr
