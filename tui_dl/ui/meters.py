"""What the machine is doing: processor and memory of it and of both processes, and the GPU that trains."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.numerals import bytes_held

BUSY_SHARE: Final = 0.9
"""From here on a meter stands out."""


@final
@dataclass(frozen=True, slots=True)
class ProcessReading:
    """One process: processors it kept busy since the last reading (1.0 is one whole), resident bytes."""

    processors: float
    resident_bytes: int


@final
@dataclass(frozen=True, slots=True)
class GpuReading:
    """The GPU that the run trains on: share of the time that it was busy, bytes of its memory."""

    busy_share: float
    used_bytes: int
    total_bytes: int


@final
@dataclass(frozen=True, slots=True)
class MeterReading:
    """One look at the machine; None where something can't be read here."""

    busy_share: float
    processors: int
    used_bytes: int
    total_bytes: int
    screen: ProcessReading | None = None
    engine: ProcessReading | None = None
    gpu: GpuReading | None = None


@final
class Meters:
    """Reads the meters; each reading tells of the time since the one before. Not thread-safe.

    Loads psutil, and NVIDIA's library only for a run on CUDA. Whatever can't be read is left out.
    """

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._processes: dict[int, psutil.Process] = {}
        self._gpu = _Gpu()
        psutil.cpu_percent(None)
        self._process(os.getpid())

    def read(self, engine_pid: int = 0, device: str = "") -> MeterReading:
        """Look now.

        Args:
            engine_pid: of an engine on this machine; 0 for none.
            device: as the run names it: `cpu`, or `cuda:0 (its name)`.
        """
        memory = self._psutil.virtual_memory()
        return MeterReading(
            busy_share=self._psutil.cpu_percent(None) / 100,
            processors=self._psutil.cpu_count() or 1,
            used_bytes=memory.total - memory.available,
            total_bytes=memory.total,
            screen=self._process(os.getpid()),
            engine=self._process(engine_pid) if engine_pid > 0 else None,
            gpu=self._gpu.read(device),
        )

    def _process(self, pid: int) -> ProcessReading | None:
        try:
            if pid not in self._processes:
                self._processes[pid] = self._psutil.Process(pid)
            process = self._processes[pid]
            return ProcessReading(process.cpu_percent(None) / 100, process.memory_info().rss)
        except self._psutil.Error:
            self._processes.pop(pid, None)
            return None


@final
class _Gpu:
    """NVIDIA's management library, if there is a driver; without one all is silence."""

    def __init__(self) -> None:
        self._library: Any = None
        self._is_absent = False

    def read(self, device: str) -> GpuReading | None:
        if self._is_absent or not device.startswith("cuda"):
            return None
        try:
            if self._library is None:
                import pynvml

                pynvml.nvmlInit()
                self._library = pynvml
            library, handle = self._library, self._handle(device)
            used = library.nvmlDeviceGetMemoryInfo(handle)
            return GpuReading(
                library.nvmlDeviceGetUtilizationRates(handle).gpu / 100, int(used.used), int(used.total)
            )
        except Exception:  # noqa: BLE001 - the edge to a driver: whatever is wrong there, meters are a luxury
            self._is_absent = True
            return None

    def _handle(self, device: str) -> Any:
        name = visible_gpu(device, os.environ)
        if name.isdigit():
            return self._library.nvmlDeviceGetHandleByIndex(int(name))
        return self._library.nvmlDeviceGetHandleByUUID(name)


def visible_gpu(device: str, environment: Mapping[str, str]) -> str:
    """The index or UUID, as the driver knows it, behind `cuda:1 (its name)`."""
    number = device.partition("(")[0].strip().partition(":")[2] or "0"
    visible = [
        name.strip() for name in environment.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()
    ]
    return visible[int(number)] if int(number) < len(visible) else number


def meter_line(reading: MeterReading | None, width: int) -> Line:
    """The meters in one line; what has no room is left out from the right."""
    if reading is None:
        return [(" measuring…", "dim")]
    groups = [
        _machine(reading),
        *([_gpu(reading.gpu)] if reading.gpu is not None else []),
        *([_process("engine", reading.engine)] if reading.engine is not None else []),
        *([_process("screen", reading.screen)] if reading.screen is not None else []),
    ]
    line: list[Part] = []
    for group in groups:
        if cells(line) + cells(group) <= width:
            line += group
    return line


def _machine(reading: MeterReading) -> list[Part]:
    memory_share = reading.used_bytes / max(reading.total_bytes, 1)
    return [
        (" cpu ", "dim"),
        _share(reading.busy_share),
        (f" of {reading.processors}  memory ", "dim"),
        _bytes(reading.used_bytes, memory_share),
        (f" of {bytes_held(reading.total_bytes)} ", "dim"),
    ]


def _gpu(gpu: GpuReading) -> list[Part]:
    return [
        ("  gpu ", "dim"),
        _share(gpu.busy_share),
        (" ", ""),
        _bytes(gpu.used_bytes, gpu.used_bytes / max(gpu.total_bytes, 1)),
        (f" of {bytes_held(gpu.total_bytes)} ", "dim"),
    ]


def _process(name: str, process: ProcessReading) -> list[Part]:
    words = f"{100 * process.processors:3.0f}%"
    return [(f"  {name} ", "dim"), (words, "bold"), (f" {bytes_held(process.resident_bytes)} ", "dim")]


def _share(share: float) -> Part:
    return (f"{100 * share:3.0f}%", "bold")


def _bytes(used: int, share: float) -> Part:
    """Memory that runs out is marked by a sign, too."""
    is_full = share >= BUSY_SHARE
    return (f"{'!' if is_full else ''}{bytes_held(used)}", "warn" if is_full else "bold")
