import os
from pathlib import Path

import pytest

from tests.spec.experiments import SMALL
from tui_dl.errors import SpecError, UsageError
from tui_dl.spec import preset
from tui_dl.spec.change import Edit, edits
from tui_dl.spec.data import Line, Moons
from tui_dl.spec.losses import CrossEntropy, Mse
from tui_dl.spec.optimizers import Adam, Sgd
from tui_dl.spec.preset import from_toml, list_presets, load_preset, parse_overrides, to_toml


def test_a_preset_by_name_by_path_and_by_text() -> None:
    by_name = load_preset("digits-mlp")
    path = next(summary.path for summary in list_presets() if summary.name == "digits-mlp")
    assert load_preset(path) == load_preset(Path(path)) == by_name
    assert from_toml(Path(path).read_text(encoding="utf-8"), path) == by_name


def test_bare_names_and_defaults() -> None:
    experiment = from_toml('data = "line"\nmodel = "linear"\noptimizer = "sgd"\n', "bare.toml")
    assert experiment.data == Line()
    assert experiment.loss == Mse()
    assert experiment.optimizer == Sgd()
    assert from_toml(SMALL, "small.toml").loss == CrossEntropy()
    assert from_toml(f"{SMALL}[optimizer]\nlr = 1\n", "small.toml").optimizer == Adam(lr=1.0)


def test_the_default_loss_follows_the_data_that_is_set() -> None:
    assert from_toml(SMALL, "small.toml", {"data": "line"}).loss == Mse()
    assert from_toml(SMALL, "small.toml", {"data.name": "moons"}).data == Moons()


def test_a_byte_order_mark_and_foreign_line_ends_are_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load_preset(path) == from_toml(SMALL, "small.toml")


def test_a_file_of_any_name_is_found_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_preset("mine") == load_preset("./mine") == from_toml(SMALL, "small.toml")


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        load_preset("digit-mlp")
    names = ", ".join(sorted(summary.name for summary in list_presets()))
    assert str(caught.value) == (
        f'no preset is called "digit-mlp"; there are {names}, or give the path of a TOML file. '
        'Did you mean "digits-mlp"?'
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty; an experiment needs at least [data] and [model]."),
        (b"a = 1\0", "is not a text file: it contains a NUL byte."),
        (b"a = '\xff'", "is not UTF-8 text: byte 5 is not valid."),
        (b"\x89PNG\r\n\x1a\n", "is not UTF-8 text: byte 0 is not valid."),
        (b"# " + b"x" * (1 << 20), "is larger than 1 MiB, too large for an experiment."),
        (b"a = '''x", "broken TOML at the end (line 1): expected \"'''\"."),
    ],
)
def test_a_file_that_is_no_preset(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load_preset(path)
    assert str(caught.value) == f"{path}: {problem}"


def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    for path, problem in [
        (tmp_path / "missing.toml", "there is no such file."),
        (tmp_path, "is a folder, not a TOML file."),
        (tmp_path / ("x" * 300), "can't be read: File name too long."),
        (tmp_path / "a\0b", "can't be read: embedded null byte."),
    ]:
        with pytest.raises(SpecError) as caught:
            load_preset(str(path))
        assert str(caught.value) == f"{path}: {problem}"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.toml"
    path.write_text(SMALL, encoding="utf-8")
    path.chmod(0)
    with pytest.raises(SpecError, match="permission denied"):
        load_preset(path)


def test_forbidden_reading_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SpecError) as caught:
        load_preset(tmp_path / "secret.toml")
    assert str(caught.value) == f"{tmp_path / 'secret.toml'}: may not be read (permission denied)."


def test_a_broken_file_does_not_break_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preset, "presets_folder", lambda: tmp_path)
    (tmp_path / "b-broken.toml").write_text("x = = 1", encoding="utf-8")
    (tmp_path / "c-untitled.toml").write_text("title = 3", encoding="utf-8")
    (tmp_path / "a-good.toml").write_text('title = "T"\nsummary = "S"', encoding="utf-8")
    (tmp_path / "d-folder.toml").mkdir()
    assert [(each.name, each.title, each.summary) for each in list_presets()] == [
        ("a-good", "T", "S"),
        ("b-broken", "b-broken", "broken: b-broken.toml: broken TOML at line 1, column 5: invalid value."),
        ("c-untitled", "c-untitled", ""),
        ("d-folder", "d-folder", f"broken: {tmp_path / 'd-folder.toml'}: is a folder, not a TOML file."),
    ]


@pytest.mark.parametrize(
    ("argument", "key", "value"),
    [
        ("optimizer.lr=0.01", "optimizer.lr", 0.01),
        ("optimizer.lr = 1e-3 ", "optimizer.lr", 1e-3),
        ("model.hidden=[32,32]", "model.hidden", [32, 32]),
        ("data.name=moons", "data.name", "moons"),
        ('data.name="moons"', "data.name", "moons"),
        ("regularizers.l2=false", "regularizers.l2", False),
        ('optimizer={name="sgd",lr=1}', "optimizer", {"name": "sgd", "lr": 1}),
        ("title=a = b", "title", "a = b"),
        ("title=", "title", ""),
        ("title=two words", "title", "two words"),
        ("title=1\nseed=2", "title", "1\nseed=2"),
        ("title=[1", "title", "[1"),
    ],
)
def test_overrides_as_arguments(argument: str, key: str, value: object) -> None:
    assert parse_overrides([argument]) == {key: value}


def test_the_last_of_equal_keys_wins() -> None:
    assert parse_overrides(["seed=1", "title=x", "seed=2"]) == {"seed": 2, "title": "x"}


@pytest.mark.parametrize("argument", ["optimizer.lr", "=1", " =1", ""])
def test_an_argument_that_sets_nothing(argument: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_overrides([argument])
    assert str(caught.value) == f'--set: "{argument}" must be KEY=VALUE, such as optimizer.lr=0.01.'


@pytest.mark.parametrize(
    ("text", "overrides", "source"),
    [
        (SMALL, ["optimizer.lr=-1"], "--set: optimizer.lr"),
        (SMALL, ["optimizer={lr=-1}"], "--set: optimizer.lr"),
        (SMALL, ["model.hidden=[0]"], "--set: model.hidden[0]"),
        (SMALL, ["seed.x=1"], "--set: seed.x"),
        (f'loss = "cross_entropy"\n{SMALL}', ["data=line"], "--set: loss"),
        (f"seed = -1\n{SMALL}", ["optimizer.lr=1"], "my.toml: seed"),
        (f"seed = -1\n{SMALL}", ["seed=-2"], "--set: seed"),
        ("seed = 1", ["optimizer.lr=1"], "my.toml: data"),
    ],
)
def test_a_mistake_is_said_of_the_place_where_it_was_made(
    text: str, overrides: list[str], source: str
) -> None:
    with pytest.raises(SpecError) as caught:
        from_toml(text, "my.toml", parse_overrides(overrides))
    assert str(caught.value).startswith(f"{source}: ")


def test_an_override_mends_a_file() -> None:
    assert from_toml(f"seed = -1\n{SMALL}", "my.toml", {"seed": 2}).seed == 2
    assert from_toml("seed = 1", "my.toml", {"data": "digits", "model": "mlp"}).seed == 1


def test_taking_the_intervention_out() -> None:
    before = load_preset("digits-mlp")
    after = load_preset("digits-mlp", parse_overrides(["script=[]"]))
    assert edits(before, after) == (Edit("script", before.scripts, ()),)


def test_an_experiment_that_outgrew_its_lecture_still_loads() -> None:
    text = SMALL + '[[script]]\nat_step = 3\nset = {"optimizer.momentum" = 0.5}\n'
    with pytest.raises(SpecError, match="adam has no such setting"):
        from_toml(text, "run.toml")
    loaded = from_toml(text, "run.toml", rehearse=False)
    assert from_toml(to_toml(loaded), "run.toml", rehearse=False) == loaded
