"""Checkpoints: states written beside the training, whole or not at all, and found again."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEPT: Final = 3
_NAME: Final = re.compile(r"^(\d{6,})-segment-(\d+)-step-(\d+)(-final)?\.pt$")


def captured(value: Any) -> Any:
    """The same nested state with tensors of its own in host memory: later updates don't reach it."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: captured(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(captured(each) for each in value)
    return value


@dataclass(slots=True)
class _Order:
    """A state to be written and those who wait for it."""

    name: str
    state: dict[str, Any]
    callbacks: list[Callable[[str, str], None]] = field(default_factory=list)


@final
class Checkpoints:
    """The checkpoints of one run: a thread writes them, the last three and the newest final one are kept.

    Args:
        folder: made on the first write.
        on_failure: called from the writing thread with a sentence when one could not be written.
        before_visible: called from the writing thread before a file gets its name: what the run has recorded
            up to this point should be on disk by then, or a resume would leave a hole in the history.
    """

    def __init__(
        self,
        folder: Path,
        on_failure: Callable[[str], None],
        before_visible: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._on_failure = on_failure
        self._before_visible = before_visible
        self._number = max((int(_parts(path)[0]) for path in listed(folder)), default=0)
        self._changed = threading.Condition()
        self._waiting: _Order | None = None
        self._busy = False
        self._closed = False
        self._thread = threading.Thread(target=self._write_on, name="checkpoints", daemon=True)
        self._thread.start()

    def save(
        self,
        state: dict[str, Any],
        *,
        segment: int,
        step: int,
        is_last: bool = False,
        done: Callable[[str, str], None] | None = None,
    ) -> str:
        """Have a captured state written; returns the file's name, at once.

        A state that still waits for its turn is dropped for this newer one: on a slow disk the newest counts.

        Args:
            state: plain tensors and numbers that nobody changes any more (see `captured`).
            segment: part of the file's name, like the step.
            step: updates made.
            is_last: whether the run ends with it; it is then kept until a later end.
            done: called from the writing thread with the path and "", or "" and what went wrong.
        """
        with self._changed:
            self._number += 1
            name = f"{self._number:06d}-segment-{segment}-step-{step}{'-final' if is_last else ''}.pt"
            order = _Order(name, state, [] if done is None else [done])
            if self._waiting is not None:
                order.callbacks = self._waiting.callbacks + order.callbacks
            self._waiting = order
            self._changed.notify_all()
        return str(self._folder / name)

    def drain(self, timeout_s: float) -> bool:
        """Wait until all is written. Returns whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting is None and not self._busy, timeout_s)

    def close(self, timeout_s: float = 60.0) -> None:
        """Write what waits, then end the thread."""
        self.drain(timeout_s)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting is not None or self._closed)
                order, self._waiting = self._waiting, None
                if order is None:
                    return
                self._busy = True
            self._write(order)

    def _write(self, order: _Order) -> None:
        path = self._folder / order.name
        problem = ""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(order.state, path, self._before_visible)
            self._prune()
        except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
            problem = f"the checkpoint {order.name} could not be written: {error}"
            self._on_failure(problem)
        for callback in order.callbacks:
            callback("" if problem else str(path), problem)

    def _prune(self) -> None:
        found = listed(self._folder)
        finals = [path for path in found if _parts(path)[3]]
        kept = {*found[:KEPT], *finals[:1]}
        for path in found:
            if path not in kept:
                path.unlink(missing_ok=True)


def listed(folder: Path) -> list[Path]:
    """The checkpoints of a run, the newest first."""
    found = [path for path in folder.glob("*.pt") if _NAME.match(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: int(_parts(path)[0]), reverse=True)


def write_whole(state: dict[str, Any], path: Path, before_visible: Callable[[], None] = lambda: None) -> None:
    """Write a state so that the file is either whole or not there, also after a power cut."""
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        before_visible()
        partial.replace(path)
    except (OSError, RuntimeError):
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def newest_readable(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest checkpoint that loads; a broken one falls back to the one before. None without any."""
    for path in listed(folder):
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # noqa: BLE001 - what torch raises on a damaged archive is anything at all
            continue
        if isinstance(state, dict):
            return path, state
    return None


def _parts(path: Path) -> tuple[str, str, str, str]:
    match = _NAME.match(path.name)
    assert match is not None
    number, segment, step, final_mark = match.groups()
    return number, segment, step, final_mark or ""
