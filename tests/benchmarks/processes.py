"""What the system says about a process: processor time and memory."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_UTIME: Final = 11
_STIME: Final = 12


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used, in the kernel's name included."""
    # The name, in brackets, may hold blanks: count from behind it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Resident memory in 10⁶ bytes, shared pages included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(pid)


@dataclass(frozen=True)
class ProcessorShare:
    """Share of one core that a process uses from here on."""

    pid: int
    started_at: float
    processor_s_before: float

    @classmethod
    def of(cls, pid: int) -> "ProcessorShare":
        """Begin to count."""
        return cls(pid, time.perf_counter(), processor_s(pid))

    def now(self) -> float:
        """The share so far."""
        return (processor_s(self.pid) - self.processor_s_before) / (time.perf_counter() - self.started_at)
