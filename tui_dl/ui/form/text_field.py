"""One line of text being written: characters and a caret."""

from dataclasses import dataclass, replace
from typing import final


@final
@dataclass(frozen=True, slots=True)
class TextField:
    """A text with the caret before character number `caret`; `is_fresh` until something was typed or moved.

    A fresh text is replaced by what is typed first: whoever comes to a field mostly wants another value.
    """

    text: str
    caret: int = 0
    is_fresh: bool = True

    def typed(self, characters: str) -> "TextField":
        """With characters put in at the caret."""
        characters = "".join(one for one in characters if one.isprintable())
        if self.is_fresh:
            return TextField(characters, len(characters), is_fresh=False)
        text = self.text[: self.caret] + characters + self.text[self.caret :]
        return TextField(text, self.caret + len(characters), is_fresh=False)

    def erased(self, key: str) -> "TextField":
        """Without the character before (backspace) or after (delete) the caret, or without any (ctrl+u)."""
        if key == "ctrl+u" or self.is_fresh:
            return TextField("", 0, is_fresh=False)
        cut = self.caret - 1 if key == "backspace" else self.caret
        if cut < 0:
            return self
        return TextField(self.text[:cut] + self.text[cut + 1 :], cut, is_fresh=False)

    def moved(self, key: str) -> "TextField":
        """With the caret one place on (left, right) or at an end (home, end)."""
        places = {"left": self.caret - 1, "right": self.caret + 1, "home": 0, "end": len(self.text)}
        if self.is_fresh and key in ("left", "right"):
            places = {"left": 0, "right": len(self.text)}
        caret = max(0, min(places[key], len(self.text)))
        return replace(self, caret=caret, is_fresh=False)

    def entered(self) -> "TextField":
        """As it is when somebody comes to it."""
        return TextField(self.text, len(self.text))


def shown(field: TextField, width: int) -> tuple[str, str, str]:
    """What fits into `width` cells before, at and after the caret; at the end a space is at the caret.

    Only characters that are one cell wide are expected here: names and numbers.
    """
    text = field.text + " "
    start = max(field.caret - width + 1, 0)
    visible = text[start : start + width]
    at = field.caret - start
    return visible[:at], visible[at : at + 1], visible[at + 1 :]
