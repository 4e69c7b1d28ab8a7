import ctypes
import gc
import platform
import subprocess
import sys

import pytest

from tui_dl.ui import heap

_COUNT_MAPPED = """
import ctypes
from tui_dl.ui.heap import keep_heap_compact

class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Mallinfo2
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
# What glibc does by default: after this, blocks of 1 MiB come from the heap, and stay with the process.
libc.free(libc.malloc(4 * 2**20))
before = libc.mallinfo2().hblks
kept = [libc.malloc(2**20) for _ in range(5)]
by_default = libc.mallinfo2().hblks - before
assert keep_heap_compact()
before = libc.mallinfo2().hblks
kept += [libc.malloc(2**20) for _ in range(5)]
print(by_default, libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not hasattr(ctypes.CDLL(None), "mallinfo2"),
    reason="needs glibc 2.33",
)
def test_large_blocks_are_mapped_by_themselves_and_so_given_back() -> None:
    counted = subprocess.run(
        [sys.executable, "-c", _COUNT_MAPPED], capture_output=True, text=True, check=True
    ).stdout
    assert counted.split() == ["0", "5"]


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not heap.keep_heap_compact()


def test_what_is_there_is_passed_over_and_garbage_is_found_soon() -> None:
    code = """
import gc, weakref
from tui_dl.ui.heap import collect_often

class Node:
    pass

gc.set_threshold(50_000, 20, 20)
collect_often()
assert gc.get_freeze_count() > 1000, gc.get_freeze_count()
node = Node()
node.self = node
gone = weakref.ref(node)
del node
kept = [[] for _ in range(5_000)]
assert gone() is None
"""
    subprocess.run([sys.executable, "-c", code], check=True)


class Searches:
    """Garbage collection as it is asked for; `young` counts searches among the youngest since."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.young, self.made, self.time = 1, list[int](), 0.0
        monkeypatch.setattr(gc, "get_count", lambda: (0, self.young, 0))
        monkeypatch.setattr(gc, "collect", self.made.append)


def test_garbage_is_looked_for_while_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Searches(monkeypatch)
    sweeper = heap.Sweeper(lambda: world.time)
    assert sweeper.sweep(idle_s=5.0) == 1
    assert sweeper.sweep(idle_s=0.1) is None
    world.time = 2.5
    assert sweeper.sweep(idle_s=0.1) == 1, "it can't wait for ever"
    world.time = 61.0
    assert sweeper.sweep(idle_s=5.0) == 2
    assert sweeper.sweep(idle_s=5.0) == 1
    world.time = 300.0
    assert sweeper.sweep(idle_s=0.1) == 1, "a full search waits for a quiet moment"
    world.time = 700.0
    assert sweeper.sweep(idle_s=0.1) == 2
    assert world.made == [1, 1, 2, 1, 1, 2]


def test_where_nothing_was_made_nothing_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Searches(monkeypatch)
    world.young, world.time = 0, 1e6
    assert heap.Sweeper(lambda: world.time).sweep(idle_s=1e6) is None
    assert world.made == []


def test_what_is_up_is_never_searched_again() -> None:
    code = """
import gc
from tui_dl.ui.heap import collect_often, pass_over_what_is_there

gc.set_threshold(50_000, 20, 20)
assert collect_often()
kept = [[] for _ in range(5_000)]
frozen = gc.get_freeze_count()
pass_over_what_is_there()
assert gc.get_freeze_count() >= frozen + 5_000
assert not collect_often()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
