import json

import pytest

from tui_dl.cli import main
from tui_dl.spec.catalogue import catalogue
from tui_dl.spec.preset import from_toml, load_preset


@pytest.mark.parametrize("what", ["presets", "components", "metrics", "runs"])
def test_lists_are_json_arrays(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", what, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert isinstance(rows, list)
    assert what == "runs" or rows


def test_a_component_says_all_that_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "components", "--json"])
    rows = json.loads(capsys.readouterr().out)
    families = {row["family"] for row in rows}
    assert families == {
        "data", "model", "activation", "init", "loss", "optimizer", "schedule", "regularizer"
    }  # fmt: skip
    for row in rows:
        assert {"family", "name", "summary", "source", "fields"} <= row.keys()
        assert row["summary"]
        for field in row["fields"]:
            assert {"name", "type", "default", "bounds", "unit", "help"} <= field.keys()


@pytest.mark.parametrize("what", ["presets", "components", "metrics"])
def test_lists_are_text_too(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", what]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 5


def test_show_prints_what_loads_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "vanishing-gradient"]) == 0
    assert from_toml(capsys.readouterr().out, "shown") == load_preset("vanishing-gradient")


def test_a_mistake_is_one_message_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "digits-mpl"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "digits-mlp" in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "digits-mlp"], "--headless"),
        (["run", "digits-mlp", "--steps", "3"], "--headless"),
        (["run", "digits-mlp", "--headless", "--set", "optimizer.lr=-1"], "optimizer.lr"),
        (["run", "digits-mlp", "--headless", "--set", "optimizer.name=sdg"], "sgd"),
        (["run", "nowhere.toml", "--headless"], "nowhere.toml"),
        (["attach"], "terminal"),
        (["stop", "no-such-run"], "no-such-run"),
        (["report", "no-such-run"], "no-such-run"),
        (["rm", "no-such-run"], "no-such-run"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_titles_come_in_the_language_of_the_option_or_the_locale(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["list", "presets", "--lang", "ko"])
    korean = capsys.readouterr().out
    assert "손글씨" in korean
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    main(["list", "presets"])
    assert capsys.readouterr().out == korean
    main(["list", "presets", "--lang", "en"])
    assert "Handwritten" in capsys.readouterr().out


def test_what_programs_read_is_the_same_in_every_locale(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = (["list", "presets", "--json"], ["show", "digits-mlp"])
    english = [(main(command), capsys.readouterr().out) for command in commands]
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert [(main(command), capsys.readouterr().out) for command in commands] == english


def test_show_speaks_a_language_on_request_and_still_loads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "digits-mlp", "--lang", "ko"]) == 0
    shown = from_toml(capsys.readouterr().out, "shown")
    assert shown.title.startswith("손글씨")
    assert shown.scripts == load_preset("digits-mlp").scripts


def test_a_language_that_is_none_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "presets", "--lang", "한국어"]) == 2
    assert "such as ko" in capsys.readouterr().err


def test_every_field_of_every_component_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "components"])
    words = " ".join(capsys.readouterr().out.split())

    for component in catalogue():
        assert f"{component.name} {' '.join(component.summary.split())}" in words
        assert f"source: {component.source}" in words
        for field in component.fields:
            assert f"{field.name} = " in words
            assert f": {field.help}" in words, (component.name, field.name)


def test_what_a_family_shares_is_explained_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "components"])
    words = " ".join(capsys.readouterr().out.split())

    assert words.count("Share of the samples held out for validation") == 1
    having = [one for one in catalogue() if any(field.name == "validation_share" for field in one.fields)]
    assert words.count("validation_share = ") == len(having) > 10
