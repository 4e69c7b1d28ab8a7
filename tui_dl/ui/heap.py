"""Keeps the C heap of the screen's process small, so that its memory is flat however long a run goes on."""

import gc
import sys
import time
from collections.abc import Callable
from typing import Final, final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE_BYTES: Final = 64 * 1024


_YOUNG_OBJECTS: Final = 2_000
_NEVER_BY_ITSELF: Final = 1_000
_IDLE_S: Final = 0.3
_OVERDUE_S: Final = 2.0
_ALL_EVERY_S: Final = 10.0
_ALL_OVERDUE_S: Final = 300.0


def collect_often() -> bool:
    """Look for garbage often again, among what has come since: to be called once all is imported.

    While modules are imported it is hardly looked for (`tui_dl.cli.running`). Left so, Textual's cycles of
    widgets, timers and messages pile up to 10 MB within minutes. What is there by now stays, and is passed
    over: a full search takes 50 ms otherwise, in which no key is answered. What has lived longer is left to
    `Sweeper`. Returns whether this was the first call: later nothing is done, what goes would stay with what
    came before it.
    """
    if gc.get_threshold()[0] == _YOUNG_OBJECTS:
        return False
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _NEVER_BY_ITSELF, _NEVER_BY_ITSELF)
    return True


def pass_over_what_is_there() -> None:
    """The widgets are there too, and will stay: never search them again. Garbage among them goes first."""
    gc.collect(1)
    gc.freeze()


@final
class Sweeper:
    """Looks for garbage among what has lived longer, at times when nobody waits for a key's answer.

    Python does so by itself in the middle of anything: 13 ms once a second while somebody goes through views
    and dialogs, and 56 every ten.

    Args:
        now: seconds, monotonic.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._swept_at = self._swept_all_at = now()

    def sweep(self, idle_s: float) -> int | None:
        """To be called about once a second, with the time since the last key.

        Returns the oldest generation that was searched, None if none was: there was nothing to search, or
        somebody is busy and it can wait.
        """
        now = self._now()
        is_busy = idle_s < _IDLE_S
        if not gc.get_count()[1] or (is_busy and now - self._swept_at < _OVERDUE_S):
            return None
        generation = 2 if now - self._swept_all_at >= (_ALL_OVERDUE_S if is_busy else _ALL_EVERY_S) else 1
        self._swept_at = now
        if generation == 2:
            self._swept_all_at = now
        gc.collect(generation)
        return generation


def keep_heap_compact() -> bool:
    """Have glibc give freed memory back. Returns whether it was told so; False on other C libraries.

    By default its threshold for memory of its own mapping grows with what is freed, and every thread gets a
    heap: reading the history for a few plots left the process 5 MB larger for every 10⁵ steps it had shown,
    though Python held no more than before. With these settings it is level. See mallopt(3).
    """
    if not sys.platform.startswith("linux"):
        return False
    # Not before it is needed: the first paint comes sooner without it.
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, _LARGE_BYTES), (_M_TRIM_THRESHOLD, _LARGE_BYTES))
    # musl has the name, and answers 0.
    answers = [mallopt(name, value) for name, value in wanted]
    return all(answers)
