import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tui_dl.ui.hangul import JAMO, latin_of


def test_syllables_are_the_keys_that_made_them() -> None:
    assert latin_of("한글") == "gksrmf"
    assert latin_of("옵") == "dhq"
    assert latin_of("값") == "rkqt"
    assert latin_of("ㅂㅈ q") == "qw q"
    assert latin_of(unicodedata.normalize("NFD", "한")) == "gks"


@given(st.text())
def test_other_text_stays(text: str) -> None:
    plain = "".join(character for character in text if not "ᄀ" <= character <= "힣")
    assert latin_of(plain) == unicodedata.normalize("NFC", plain)


def test_every_syllable_has_keys() -> None:
    for code in range(0xAC00, 0xD7A4):
        keys = latin_of(chr(code))
        assert len(keys) >= 2
        assert all(key in JAMO for key in keys)
