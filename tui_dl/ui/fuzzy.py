"""Finds what somebody means by a few letters of it; pure, and quick for some thousand texts."""

from dataclasses import dataclass
from typing import final

from tui_dl.ui.hangul import latin_of

_WORD_START = 12.0
_WHOLE_PART = 8.0
_EARLY = 4.0
_GAP = 0.6


@final
@dataclass(frozen=True, slots=True)
class Match:
    """How well a text fits (more is better), and which of its characters were meant."""

    score: float
    places: frozenset[int]


NO_QUERY = Match(0.0, frozenset())


def queries_for(text: str) -> tuple[str, ...]:
    """What to look for: as it was typed, and as the same keys without a Hangul input method."""
    plain = " ".join(text.lower().split())
    latin = " ".join(latin_of(text).lower().split())
    return (plain,) if plain == latin else (plain, latin)


def match(query: str, text: str, *, scattered: bool = True) -> Match | None:
    """How a query fits a text; None if it does not.

    Every word of the query must be found: as a part of the text, better at the beginning of a word, or else
    letter by letter in order, as `rmp` is in `RMSprop`. In sentences that finds too much: `scattered` False.
    """
    if not query:
        return NO_QUERY
    lowered = text.lower()
    total, places = 0.0, set[int]()
    for word in query.split():
        found = _part(word, lowered) or (_scattered(word, lowered) if scattered else None)
        if found is None:
            return None
        total += found.score
        places |= found.places
    return Match(total - len(text) / 200, frozenset(places))


def best(queries: tuple[str, ...], text: str, *, scattered: bool = True) -> Match | None:
    """The best of several queries."""
    found = [one for query in queries if (one := match(query, text, scattered=scattered)) is not None]
    return max(found, key=lambda one: one.score) if found else None


def _part(word: str, text: str) -> Match | None:
    at = text.find(word)
    if at < 0:
        return None
    better = at
    while better > 0 and text[better - 1].isalnum():
        better = text.find(word, better + 1)
        if better < 0:
            break
    starts_word = better >= 0 and (better == 0 or not text[better - 1].isalnum())
    at = better if starts_word else at
    score = len(word) + _WHOLE_PART + (_WORD_START if starts_word else 0.0) + _EARLY / (1 + at)
    return Match(score, frozenset(range(at, at + len(word))))


def _scattered(word: str, text: str) -> Match | None:
    places: list[int] = []
    at = -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
        places.append(at)
    gaps = places[-1] - places[0] + 1 - len(word)
    # What is strewn over half a sentence was not meant.
    if gaps > 3 * len(word) + 2:
        return None
    starts = places[0] == 0 or not text[places[0] - 1].isalnum()
    return Match(len(word) - _GAP * gaps + (_WORD_START / 2 if starts else 0.0), frozenset(places))
