"""Keeps the C heap of the screen's process small, so that its memory is flat however long a run goes on."""

import gc
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE_BYTES: Final = 64 * 1024


_YOUNG_OBJECTS: Final = 2_000


def collect_often() -> None:
    """Look for garbage often again, among what has come since: to be called once all is up.

    While modules are imported it is hardly looked for (`tui_dl.cli.running`). Left so, Textual's cycles of
    widgets, timers and messages pile up to 10 MB within minutes. What is there by now stays, and is passed
    over: a full search takes 50 ms otherwise, in which no key is answered. Only the first call does that:
    later, what goes would stay with what came before it.
    """
    if gc.get_threshold()[0] == _YOUNG_OBJECTS:
        return
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


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
