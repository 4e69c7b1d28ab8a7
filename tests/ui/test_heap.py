import ctypes
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
