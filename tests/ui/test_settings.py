from pathlib import Path

import msgspec
import pytest

from tui_dl.ui.settings import Settings, SettingsStore


def test_what_is_changed_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "home" / "settings.toml"
    assert SettingsStore(path).change(theme="tui-dl-light", keys={"step": "f2"}) == ""
    again = SettingsStore(path)
    assert again.settings == Settings(theme="tui-dl-light", keys={"step": "f2"})
    assert again.notice == ""
    assert [one.name for one in path.parent.iterdir()] == ["settings.toml"]


def test_only_what_was_chosen_is_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    SettingsStore(path).change(bell=True)
    assert path.read_text() == "version = 1\nbell = true\n"


def test_a_damaged_file_is_kept_aside_and_said(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"theme = [\xff")
    store = SettingsStore(path)
    assert store.settings == Settings()
    assert "damaged" in store.notice
    assert (tmp_path / "settings.damaged.toml").read_bytes() == b"theme = [\xff"


def test_one_bad_value_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('version = 1\nglyphs = "crayon"\nbell = true\nfuture = 3\n')
    store = SettingsStore(path)
    assert store.settings == Settings(bell=True)
    assert "glyphs = 'crayon'" in store.notice


def test_a_newer_file_gives_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("version = 9\nmouse = false\n")
    store = SettingsStore(path)
    assert store.settings.mouse is False
    assert "version 9" in store.notice


def test_a_folder_that_cannot_be_written_loses_nothing_here(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SettingsStore(tmp_path / "file" / "settings.toml")
    assert "can't be written" in store.change(bell=True)
    assert store.settings.bell


def test_a_value_that_cannot_be_is_refused_whole() -> None:
    store = SettingsStore()
    with pytest.raises(msgspec.ValidationError):
        store.change(smoothing_steps=-1.0, bell=True)
    assert store.settings == Settings()


def test_who_listens_hears_of_changes_until_told_otherwise() -> None:
    store, heard = SettingsStore(), list[Settings]()
    end = store.subscribe(heard.append)
    store.change(bell=True)
    store.change(bell=True)
    end()
    store.change(bell=False)
    assert heard == [Settings(bell=True)]
