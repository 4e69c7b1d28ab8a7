from pathlib import Path

from tui_dl.spec.preset import presets_folder
from tui_dl.ui.own_files import own_files


def test_experiments_are_listed_and_mistakes_said(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text((presets_folder() / "outliers.toml").read_text())
    (tmp_path / "typo.toml").write_text('[data]\nname = "digit"\n[model]\nname = "mlp"\n')
    (tmp_path / "torn.toml").write_text("[model]\nname = [")
    found = {one.name: one for one in own_files(tmp_path)}
    assert list(found) == ["mine.toml", "torn.toml", "typo.toml"]
    assert found["mine.toml"].title.startswith("A few outliers")
    assert found["typo.toml"].summary.startswith("broken: ")
    assert "digits" in found["typo.toml"].summary
    assert found["torn.toml"].summary.startswith("broken: ")


def test_other_programs_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "half.toml").write_text("[data]\nsize = 3\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\x00[data]")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "huge.toml").write_text("[data]\n[model]\n" + "#" * 300_000)
    assert own_files(tmp_path) == ()
    assert own_files(tmp_path / "nowhere") == ()
