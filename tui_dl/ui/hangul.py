"""The Latin keys behind the jamo of the two-set Hangul keyboard: keys work with its input method on."""

import unicodedata
from types import MappingProxyType
from typing import Final

JAMO: Final = {
    **dict(zip("qwertyuiop", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", strict=True)),
    **dict(zip("asdfghjkl", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", strict=True)),
    **dict(zip("zxcvbnm", "ㅋㅌㅊㅍㅠㅜㅡ", strict=True)),
    **dict(zip("QWERTOP", "ㅃㅉㄸㄲㅆㅒㅖ", strict=True)),
}
"""Latin letter to jamo: 26 plain ones and the 7 that change under shift."""

# Two keys after each other make these.
_COMPOUND: Final = dict(
    zip(
        "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄㅘㅙㅚㅝㅞㅟㅢ",
        [
            "rt",
            "sw",
            "sg",
            "fr",
            "fa",
            "fq",
            "ft",
            "fx",
            "fv",
            "fg",
            "qt",
            "hk",
            "ho",
            "hl",
            "nj",
            "np",
            "nl",
            "ml",
        ],
        strict=True,
    )
)
LATIN: Final = MappingProxyType({jamo: letter for letter, jamo in JAMO.items()} | _COMPOUND)
"""A jamo to the letter, or the two letters, on the keys that make it."""

_FIRST: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_LAST: Final = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_SYLLABLES: Final = range(0xAC00, 0xD7A4)


def with_jamo(keys: str) -> str:
    """Add to a comma-separated list of keys the jamo that the same physical keys send."""
    names = [name.strip() for name in keys.split(",")]
    jamo = [JAMO[name] for name in names if name in JAMO]
    return ",".join(names + jamo)


def latin_of(text: str) -> str:
    """What the same keys write without the input method: whole syllables are taken apart; the rest stays."""
    return "".join(map(_keys_behind, unicodedata.normalize("NFC", text)))


def _keys_behind(character: str) -> str:
    if character in LATIN:
        return LATIN[character]
    if ord(character) not in _SYLLABLES:
        return character
    # Unicode 3.12: a syllable is (first * 21 + vowel) * 28 + last, of which 0 is none.
    rest, last = divmod(ord(character) - _SYLLABLES.start, 28)
    first, vowel = divmod(rest, 21)
    jamo = _FIRST[first] + _VOWELS[vowel] + (_LAST[last - 1] if last else "")
    return "".join(LATIN[one] for one in jamo)
