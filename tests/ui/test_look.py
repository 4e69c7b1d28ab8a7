"""Which theme and which glyphs: by option, environment, setting, answer of the terminal, in this order."""

import pytest

from tui_dl.cli.look_options import GLYPH_NAMES, THEME_NAMES
from tui_dl.ui.app_themes import THEMES
from tui_dl.ui.look import GLYPHS, Look, glyphs_for, is_colourless, theme_for


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({}, "dark"),
        ({"COLORFGBG": "15;0"}, "dark"),
        ({"COLORFGBG": "0;15"}, "light"),
        ({"COLORFGBG": "0;default;7"}, "light"),
        ({"COLORFGBG": "12;8"}, "dark"),
        ({"COLORFGBG": "nonsense"}, "dark"),
        ({"TUI_DL_THEME": "light", "COLORFGBG": "15;0"}, "light"),
        ({"TUI_DL_THEME": "pink"}, "dark"),
        ({"TUI_DL_THEME": "contrast-dark"}, "contrast-dark"),
    ],
)
def test_the_theme_follows_the_terminal_unless_told(environment: dict[str, str], theme: str) -> None:
    assert theme_for(Look.of_environment(environment), environment=environment) == theme


def test_the_stronger_word_holds() -> None:
    environment = {"TUI_DL_THEME": "light", "COLORFGBG": "15;0"}
    look = Look.of_environment(environment)
    assert theme_for(look, "contrast-dark", environment=environment) == "light"
    told = look.asked_for("ansi-dark", None, is_presenting=False)
    assert theme_for(told, "contrast-dark", environment=environment) == "ansi-dark"
    untold = look.asked_for("auto", None, is_presenting=False)
    assert theme_for(untold, "contrast-dark", environment=environment) == "contrast-dark"
    assert theme_for(Look(ground_is_light=True), environment={"COLORFGBG": "15;0"}) == "light"
    assert theme_for(Look(ground_is_light=True), "no such theme", environment={}) == "light"


def test_a_projector_gets_a_light_theme_of_high_contrast_unless_told() -> None:
    assert theme_for(Look(is_presenting=True), "dark", environment={}) == "contrast-light"
    assert theme_for(Look(is_presenting=True, theme="contrast-dark"), environment={}) == "contrast-dark"


def test_sixteen_colours_have_themes_of_their_own() -> None:
    assert theme_for(Look(), "auto", "16", {}) == "ansi-dark"
    assert theme_for(Look(), "light", "16", {}) == "ansi-light"
    assert theme_for(Look(), "contrast-dark", "16", {}) == "contrast-dark"


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, "braille"),
        ({"LANG": "C.UTF-8"}, "braille"),
        ({"LANG": "ko_KR.utf8"}, "braille"),
        ({"LANG": "C"}, "braille"),
        ({"LANG": "en_US.ISO-8859-1"}, "ascii"),
        ({"LC_ALL": "de_DE.ISO-8859-15", "LANG": "C.UTF-8"}, "ascii"),
        ({"TUI_DL_GLYPHS": "ascii", "LANG": "C.UTF-8"}, "ascii"),
        ({"TUI_DL_GLYPHS": "quadrant", "LANG": "C.UTF-8"}, "quadrant"),
        ({"TUI_DL_GLYPHS": "full", "LANG": "en_US.ISO-8859-1"}, "braille"),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, "ascii"),
    ],
)
def test_glyphs_follow_the_locale_unless_told(environment: dict[str, str], kind: str) -> None:
    assert glyphs_for(Look.of_environment(environment), environment=environment) == kind


@pytest.mark.parametrize("wanted", ["", "braille", "quadrant"])
def test_wide_ambiguous_characters_leave_braille_and_ascii(wanted: str) -> None:
    assert glyphs_for(Look(glyphs=wanted, ambiguous_is_wide=True), environment={}) == "narrow"
    assert glyphs_for(Look(glyphs="ascii", ambiguous_is_wide=True), environment={}) == "ascii"


def test_what_is_misspelt_is_said() -> None:
    look = Look.of_environment({"TUI_DL_THEME": "pink", "TUI_DL_GLYPHS": "runes"})
    assert ["pink" in look.notices[0], "runes" in look.notices[1]] == [True, True]


@pytest.mark.parametrize(
    ("environment", "is_so"),
    [({}, False), ({"NO_COLOR": ""}, False), ({"NO_COLOR": "1"}, True), ({"TERM": "vt100"}, True)],
)
def test_where_there_is_no_colour(environment: dict[str, str], is_so: bool) -> None:
    assert is_colourless(environment) == is_so


def test_options_name_what_there_is() -> None:
    assert ("auto", *THEMES) == THEME_NAMES
    assert ("auto", *GLYPHS) == GLYPH_NAMES


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["contrast-dark", "contrast-light"])
def test_high_contrast_is_seven_to_one(name: str) -> None:
    theme = THEMES[name]  # type: ignore[index] - names of a literal
    ground = _luminance(str(theme.background))
    named = (theme.primary, theme.secondary, theme.accent, theme.success, theme.warning, theme.error)
    for colour in (*named, theme.foreground, theme.variables["plot-axis"]):
        light, dark = sorted((_luminance(str(colour)), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 7, colour
