"""The Latin keys behind the jamo of the two-set Hangul keyboard: keys work with its input method on."""

from typing import Final

JAMO: Final = {
    **dict(zip("qwertyuiop", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", strict=True)),
    **dict(zip("asdfghjkl", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", strict=True)),
    **dict(zip("zxcvbnm", "ㅋㅌㅊㅍㅠㅜㅡ", strict=True)),
    **dict(zip("QWERTOP", "ㅃㅉㄸㄲㅆㅒㅖ", strict=True)),
}
"""Latin letter to jamo: 26 plain ones and the 7 that change under shift."""


def with_jamo(keys: str) -> str:
    """Add to a comma-separated list of keys the jamo that the same physical keys send."""
    names = [name.strip() for name in keys.split(",")]
    jamo = [JAMO[name] for name in names if name in JAMO]
    return ",".join(names + jamo)


_LATIN: Final = {jamo: letter for letter, jamo in JAMO.items()}


def latin(character: str) -> str:
    """The letter on the same physical key as a jamo; any other character as it is."""
    return _LATIN.get(character, character)
