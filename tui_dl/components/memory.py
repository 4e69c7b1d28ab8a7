"""Whether a model fits in this machine's memory, asked before the system starts to swap or kill."""

import os
from pathlib import Path

from tui_dl.errors import NotAvailable

BYTES_PER_PARAMETER = 4 * 4
"""float32 each: the weight, its gradient and the two moments of an adaptive optimizer."""

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_bytes() -> int:
    """Bytes of memory that this process may hope for: the machine's, or less where a container limits it."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such file here, or "max": no limit
            continue
    return min(limits)


def require_memory(parameters: int) -> None:
    """Check that training this many parameters can fit.

    Raises:
        NotAvailable: weights, gradients and moments together exceed the memory.
    """
    needed = parameters * BYTES_PER_PARAMETER
    there = memory_bytes()
    if needed > there:
        raise NotAvailable(
            f"model: {parameters:,} parameters need {needed / 2**30:,.1f} GiB for weights, gradients and "
            f"moments; this machine has {there / 2**30:,.1f} GiB. Choose fewer or narrower layers."
        )
