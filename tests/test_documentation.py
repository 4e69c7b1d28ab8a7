"""What the documents say of the program is so: commands, keys, presets, examples, paths."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

import tui_dl
from tests.documents import CHANGELOG, CONTRIBUTING, README, ROOT, Document, key_table
from tui_dl.cli.arguments import build_parser
from tui_dl.components.optimizers import adamax
from tui_dl.spec import optimizers as spec_optimizers
from tui_dl.spec.catalogue import catalogue, describe
from tui_dl.spec.optimizers import adams as spec_adams
from tui_dl.spec.preset import list_presets, load_preset, parse_overrides

DOCUMENTS = [README, CONTRIBUTING, CHANGELOG]
PRESETS = {preset.name for preset in list_presets()}
PICTURE = ROOT / "docs/pictures/run-screen.svg"
LANGUAGES = {"", "sh", "python"}
# Names that stand for something of the reader's own.
_PLACEHOLDERS = {"PRESET", "RUN", "mine.toml"}


def _commands(document: Document, program: str) -> list[list[str]]:
    """The arguments of each command of a program, comments and redirections taken off."""
    found = []
    for line in document.shell_lines():
        words = shlex.split(line, comments=True)
        if words and words[0] == program:
            found.append(words[1 : words.index(">") if ">" in words else None])
    return found


COMMANDS = [shlex.join(each) for document in DOCUMENTS for each in _commands(document, "tui-dl")]


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_a_command_is_one_that_the_program_takes(command: str) -> None:
    parsed = build_parser().parse_args(shlex.split(command))
    preset = getattr(parsed, "preset", None)
    if preset is None or preset in _PLACEHOLDERS:
        return
    known = preset if preset in PRESETS else ROOT / preset
    load_preset(known, parse_overrides(getattr(parsed, "overrides", [])))


def test_every_command_of_the_program_is_in_the_readme() -> None:
    actions = build_parser()._subparsers._group_actions  # type: ignore[union-attr]
    (choices,) = [action.choices for action in actions if action.choices is not None]
    written = {words[0] for words in _commands(README, "tui-dl") if words}
    assert set(choices) <= written


def test_a_goal_of_make_is_in_the_makefile() -> None:
    goals = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    written = {words[0] for document in DOCUMENTS for words in _commands(document, "make")}
    assert {"run", "test", "lint", "pictures"} <= written <= goals


def test_the_table_of_keys_is_the_programs() -> None:
    assert README.table("to") == key_table()


def test_the_table_of_presets_has_each_that_is_shipped() -> None:
    names = [row[0] for row in README.table("preset")]
    assert sorted(names) == sorted(f"`{name}`" for name in PRESETS)
    assert {f"`{name}`" for name in PRESETS} <= set(re.findall(r"`[a-z0-9-]+`", CHANGELOG.text))


def test_exit_codes_are_those_of_the_programs_help() -> None:
    def codes(text: str) -> dict[str, str]:
        text = " ".join(text.split())
        return dict(re.findall(r"(\d+) ([a-z][^,.(]*[a-z])", text[text.lower().index("exit codes:") :]))

    expected = codes(build_parser().epilog or "")
    assert set(expected) == {"0", "1", "2", "3", "4", "5", "130"}
    assert {code: codes(README.text)[code] for code in expected} == expected


@pytest.mark.parametrize("number", range(len(README.code("python"))))
def test_a_python_example_runs(number: int, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(README.code("python")[number], encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert 0.0 <= float(ended.stdout.split()[-1]) <= 1.0


def _shape(line: dict[str, Any]) -> dict[str, Any]:
    """What of a line must be as written on any machine: all but the last digits of measured numbers."""
    return {
        key: pytest.approx(value, rel=1e-3) if isinstance(value, float) else value
        for key, value in line.items()
    }


def test_the_json_lines_shown_are_what_the_program_writes() -> None:
    (block,) = [block for block in README.code("") if '"type"' in block]
    head, *shown = block.splitlines()
    command = shlex.split(head.removeprefix("$ "))
    ended = subprocess.run(
        [sys.executable, "-m", "tui_dl", *command[1 : command.index("|")]],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    written = [json.loads(line) for line in ended.stdout.splitlines()]
    assert written[-len(shown) :] == [_shape(json.loads(line)) for line in shown]
    types = {line["type"] for line in written}
    assert types <= set(re.findall(r"`([a-z]+)`", README.text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_and_paths_lead_somewhere(document: Document) -> None:
    targets = [link for link in document.links() if "://" not in link]
    tops = ("tui_dl/", "tests/", "presets/", "docs/", ".ci/")
    targets += [code for code in document.inline() if code.startswith(tops) or code.endswith(".md")]
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_block_of_code_has_a_language_that_is_tested() -> None:
    found = {
        kind for document in DOCUMENTS for kind in re.findall(r"^```(\w+)$", document.text, re.MULTILINE)
    }
    assert found <= LANGUAGES


def test_every_part_of_the_package_is_in_the_table_of_folders() -> None:
    rows = [row[0].strip("`") for row in CONTRIBUTING.table("folder")]
    parts = {f"tui_dl/{path.parent.name}/" for path in (ROOT / "tui_dl").glob("*/__init__.py")}
    modules = {f"tui_dl/{path.name}" for path in (ROOT / "tui_dl").glob("[a-z]*.py")}
    assert parts | modules <= set(rows)


def test_the_order_of_imports_is_that_of_the_contract() -> None:
    (written,) = [block.strip() for block in CONTRIBUTING.code("") if block.startswith("cli →")]
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[(.*?)^\]", contract, re.DOTALL | re.MULTILINE)
    assert layers is not None
    named = [layer.strip("()") for layer in re.findall(r'"([^"]+)"', layers[1])]
    assert written.split(" → ") == [layer for layer in named if layer != "__main__"]


def test_the_phases_of_a_batch_are_those_of_the_trainer() -> None:
    trainer = tui_dl.Trainer(load_preset("outliers"))
    assert f"`{', '.join(trainer.phases())}`" in CONTRIBUTING.text.replace("\n  ", " ")


def test_the_recipe_for_an_optimizer_builds_what_it_says() -> None:
    """Carries the recipe out on copies of both modules: the catalogue stays as it is."""
    declaration, building, by_hand, settings, slots = CONTRIBUTING.code("python")
    declared = {**vars(spec_adams), "__name__": "recipe"}
    exec(declaration, declared)
    optimizer = declared["Adamax"]()
    own = type("spec", (), {**vars(spec_optimizers), "Adamax": declared["Adamax"]})
    built: dict[str, Any] = dict(vars(adamax))
    built["spec"] = own
    exec(building, built)
    weights = [nn.Parameter(torch.linspace(-1, 1, 6)) for _ in range(2)]
    ours = built["build_optimizer"](optimizer, weights[:1])
    _, plain = eval(by_hand.strip().rstrip(","), {"spec": own, "torch": torch})
    theirs = plain(weights[1:])
    for _ in range(5):
        before = weights[0].detach().clone()
        for weight, stepping in zip(weights, (ours, theirs), strict=True):
            weight.grad = weight.detach() ** 3 + 0.1
            stepping.step()
    assert torch.equal(*weights)
    state = ours.state[weights[0]]
    kept = built["moments"](optimizer)
    assert {kept.first, "step", *kept.others} == set(state)
    assert eval(f"{{{slots}}}") == {optimizer.name: set(state)}
    (numbers,) = eval(f"{{{settings}}}").values()
    assert numbers.pop("name") == optimizer.name
    assert set(numbers) <= set(built["hyperparameters"](optimizer))
    predicted = built["effective_step"](optimizer, state, optimizer.lr) * state[kept.first]
    torch.testing.assert_close(before - weights[0].detach(), predicted)
    means = built["means_of"](optimizer, state, 5.0)
    again = built["installed"](optimizer, weights[0], means)
    assert set(again) == set(state)
    for slot in set(built["translation"](optimizer).made) | {"step"}:
        torch.testing.assert_close(again[slot], state[slot])
    assert describe(type(optimizer)).source == "torch.optim.Adamax"


def test_the_changelog_names_every_component() -> None:
    named = set(CHANGELOG.inline())
    assert [each.name for each in catalogue() if each.name not in named] == []


def test_the_changelog_has_this_version() -> None:
    assert f"## [{tui_dl.__version__}]" in CHANGELOG.text
    assert CHANGELOG.text.index("## [Unreleased]") < CHANGELOG.text.index(f"## [{tui_dl.__version__}]")


def test_the_picture_is_one_of_the_program_and_needs_nothing_from_elsewhere() -> None:
    assert PICTURE.relative_to(ROOT).as_posix() in README.links()
    root = ElementTree.fromstring(PICTURE.read_bytes())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join("".join(root.itertext()).replace("\xa0", " ").split())
    for part in ("overview", "Optimizer", "validation", "step"):
        assert part.lower() in words.lower()
    source = PICTURE.read_text(encoding="utf-8")
    assert re.findall(r"https?://(?!www\.w3\.org/)[^\"')\s]+", source) == []
    assert "/tmp" not in source
    assert str(Path.home()) not in source
