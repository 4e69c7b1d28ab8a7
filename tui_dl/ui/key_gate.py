"""What passes for a key: not the rest of a held-down key on a screen that it opened, nor pasted text."""

from typing import Final, final

_PASTE_GAP_S: Final = 0.002
_PASTE_ENDS_S: Final = 0.05
_PASTE_FROM: Final = 5
_HELD_GAP_S: Final = 0.12


@final
class KeyGate:
    """Judges keys by their times.

    A terminal tells neither that a key repeats nor, without bracketed paste, that text was pasted: pasted
    characters come in one piece, faster than anybody types.
    """

    def __init__(self) -> None:
        self._key = ""
        self._at_s = float("-inf")
        self._place: object = None
        self._burst: set[str] = set()
        self._is_paste = False

    @property
    def is_paste(self) -> bool:
        """Whether the last key was taken for a part of pasted text."""
        return self._is_paste

    def admits(self, key: str, time_s: float, place: object, *, takes_text: bool = False) -> bool:
        """Whether a key counts.

        Args:
            key: its name.
            time_s: when it came, on a monotonic clock.
            place: what it would go to: another one than when it was pressed is none of its business.
            takes_text: text is being written there, so pasted text is welcome.
        """
        gap_s = time_s - self._at_s
        is_same, self._key, self._at_s = key == self._key, key, time_s
        if not (is_same and gap_s < _HELD_GAP_S):
            self._place = place
        elif place != self._place:
            return False
        return takes_text or not self._belongs_to_paste(key, gap_s)

    def _belongs_to_paste(self, key: str, gap_s: float) -> bool:
        if self._is_paste and gap_s < _PASTE_ENDS_S:
            return True
        if gap_s >= _PASTE_GAP_S:
            self._burst.clear()
        self._burst.add(key)
        # A held key on a stalled line also comes in one piece, but it is one key.
        self._is_paste = len(self._burst) >= _PASTE_FROM
        return self._is_paste
