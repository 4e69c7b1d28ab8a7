import ast
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tui_dl.spec.catalogue import FAMILIES
from tui_dl.spec.component import Component
from tui_dl.spec.preset import load_preset
from tui_dl.ui.sources.highlight import highlighted
from tui_dl.ui.sources.locate import Passage, SourceNotFoundError, definition, find_passage
from tui_dl.ui.sources.parts import parts_of, passages_of

COMPONENTS = [cls for classes in FAMILIES.values() for cls in classes]
LIBRARY = [cls for cls in COMPONENTS if cls.source.startswith(("torch.", "sklearn."))]


@pytest.mark.parametrize("component", LIBRARY, ids=lambda cls: cls.source)
def test_what_is_found_is_what_the_library_runs(
    component: type[Component], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_passage(component.source)
    *modules, name = found.title.split(".")
    owner: object = importlib.import_module(modules[0])
    for part in modules[1:]:
        owner = getattr(owner, part, None) or importlib.import_module(".".join(modules))
    actual = inspect.unwrap(getattr(owner, name))
    if isinstance(actual, type):
        # Torch says of some that they are in the package that exports them, and inspect believes it.
        home = inspect.unwrap(actual.__init__).__globals__["__name__"]
        if home.startswith(f"{actual.__module__}._"):
            monkeypatch.setattr(actual, "__module__", home)
    assert Path(found.path) == Path(inspect.getsourcefile(actual) or "")
    lines, first = inspect.getsourcelines(actual)
    assert found.first_line == first
    assert found.text.split("\n") == [line.rstrip("\n") for line in lines]


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_component_shows_what_builds_it_and_what_declares_it(component: type[Component]) -> None:
    first, *built, declared = passages_of(component)
    assert isinstance(first, Passage) == (component in LIBRARY)
    assert isinstance(declared, Passage)
    assert f"class {component.__name__}" in declared.text
    assert built
    for passage in built:
        assert isinstance(passage, Passage)
        assert component.__name__ in passage.text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("generated: points on a line", "not taken from a library"),
        ("", "not taken from a library"),
        ("nowhere_at_all.Thing", "not installed"),
        ("torch.nn.NoSuchThing", "not found below"),
        ("torch.nn.Linear.no_such_method", "not found below"),
    ],
)
def test_what_is_not_there_is_said(source: str, words: str) -> None:
    with pytest.raises(SourceNotFoundError, match=words):
        find_passage(source)


def test_nothing_of_the_library_is_imported() -> None:
    code = (
        "import sys; from tui_dl.ui.sources.locate import find_passage;"
        "find_passage('torch.optim.SGD'); find_passage('sklearn.datasets.load_digits');"
        "sys.exit(bool({'torch', 'sklearn', 'textual'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_definition_has_its_decorators_and_ends_before_the_next() -> None:
    text = "import x\n\n@a\n@b(\n1)\nclass A:\n    y = 1\n\n    z = 2\n\n# about C\nclass C:\n    pass\n"
    found = definition(text, "C")
    assert found == ("class C:\n    pass", 12)
    body, _ = definition(text, "A") or ("", 0)
    assert body.endswith("z = 2")
    ast.parse(body)
    assert definition(text, "B") is None


def test_colours_change_no_character() -> None:
    text = find_passage("torch.optim.Adam").text
    lines = highlighted(text)
    assert "\n".join("".join(str(part[0]) for part in line) for line in lines) == text


def test_an_experiment_has_a_source_for_each_part() -> None:
    parts = parts_of(load_preset("digits-mlp", {"regularizers.dropout": True}))
    assert [part.label for part in parts] == [
        "data digits", "model mlp", "activation relu", "init default", "loss cross_entropy",
        "optimizer adam", "schedule constant", "regularizer dropout",
    ]  # fmt: skip
    warmed = parts_of(load_preset("digits-mlp", {"schedule": {"name": "warmup", "after": "cosine"}}))
    assert [part.label for part in warmed][-2:] == ["schedule warmup", "schedule cosine"]
