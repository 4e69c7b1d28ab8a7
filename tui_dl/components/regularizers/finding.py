"""Which regularizers of a kind an experiment has."""

from collections.abc import Iterable
from typing import TypeVar

from tui_dl.spec.regularizers import Regularizer

_Kind = TypeVar("_Kind", bound=Regularizer)


def find(regularizers: Iterable[Regularizer], kind: type[_Kind]) -> _Kind | None:
    """The one of a kind, or None; each is there once at most."""
    return next((one for one in regularizers if isinstance(one, kind)), None)
