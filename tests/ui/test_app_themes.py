import pytest

from tui_dl.ui.app_themes import DARK, LIGHT, theme_for, wants_plain_text


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({}, DARK),
        ({"COLORFGBG": "15;0"}, DARK),
        ({"COLORFGBG": "0;15"}, LIGHT),
        ({"COLORFGBG": "0;default;7"}, LIGHT),
        ({"COLORFGBG": "0;8"}, DARK),
        ({"COLORFGBG": "nonsense"}, DARK),
        ({"TUI_DL_THEME": "light", "COLORFGBG": "15;0"}, LIGHT),
        ({"TUI_DL_THEME": "pink"}, DARK),
    ],
)
def test_the_theme_follows_the_terminal_unless_told(environment: dict[str, str], theme: object) -> None:
    assert theme_for(environment) == getattr(theme, "name", None)


@pytest.mark.parametrize(
    ("environment", "is_plain"),
    [
        ({}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "ko_KR.utf8"}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "en_US.ISO-8859-1"}, True),
        ({"LC_ALL": "de_DE.ISO-8859-15", "LANG": "C.UTF-8"}, True),
        ({"TUI_DL_GLYPHS": "ascii", "LANG": "C.UTF-8"}, True),
        ({"TUI_DL_GLYPHS": "full", "LANG": "en_US.ISO-8859-1"}, False),
    ],
)
def test_plain_text_where_the_locale_has_no_more(environment: dict[str, str], is_plain: bool) -> None:
    assert wants_plain_text(environment) == is_plain
