"""Whether the engine still does what it should: how long it has been silent, loading, or out of reach."""

import math
from typing import Final, final

from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.messages import AnyMessage, HistorySent, StatusChanged, StepsRecorded

PATIENCE_S: Final = 3.0
"""A run whose steps are quick is stalled after so long without one."""
SLOW_PATIENCE_S: Final = 20.0
"""The same before the first steps have told how long one takes."""
COMPILE_PATIENCE_S: Final = 300.0
"""The same while a step is being compiled: a large one on a busy machine takes minutes."""
_STEPS_OF_PATIENCE: Final = 5
_NOTHING: Final[frozenset[Topic]] = frozenset()


@final
class VitalSigns:
    """Watches over a run by the clock, and tells its model in whole seconds. All times are monotonic."""

    def __init__(self, model: RunModel, now_s: float) -> None:
        self._model = model
        self._progress_s = now_s
        self._begun_s = now_s

    def heard(self, message: AnyMessage, now_s: float) -> None:
        """A message has come: steps, and whatever tells that the training thread lives."""
        if isinstance(message, StepsRecorded | StatusChanged | HistorySent):
            self._progress_s = now_s

    def tick(self, now_s: float, *, retry_at_s: float | None, asked_at_s: float | None) -> frozenset[Topic]:
        """Look at the clock; returns what has to be painted anew.

        Args:
            now_s: the time.
            retry_at_s: when the connection is tried again; None while there is one.
            asked_at_s: when the oldest command was given that has no answer yet, though it takes no time.
        """
        model = self._model
        before = (model.stalled_s, model.retry_s, model.loading_s)
        silent_s = self._silent_s(now_s, asked_at_s)
        model.stalled_s = int(silent_s)
        model.retry_s = None if retry_at_s is None else max(math.ceil(retry_at_s - now_s), 0)
        is_loading = model.described is None and model.link in ("connecting", "live")
        model.loading_s = int(now_s - self._begun_s) if is_loading else 0
        after = (model.stalled_s, model.retry_s, model.loading_s)
        return _NOTHING if after == before else frozenset({"status", "link"})

    def _silent_s(self, now_s: float, asked_at_s: float | None) -> float:
        model = self._model
        if model.link != "live" or model.described is None:
            # While torch loads commands wait, and that is told as what it is.
            return 0.0
        if model.status.state == "running":
            quiet_s = now_s - self._progress_s
            patience_s = COMPILE_PATIENCE_S if model.is_compiling else self._patience()
            return quiet_s if quiet_s > patience_s else 0.0
        return now_s - asked_at_s if asked_at_s is not None and now_s - asked_at_s > PATIENCE_S else 0.0

    def _patience(self) -> float:
        """How long the next step may take: several times what steps took until now, or the pace allows."""
        status = self._model.status
        intervals_s = [1 / each for each in (status.steps_per_s, status.pace) if each > 0]
        if not status.steps_per_s:
            intervals_s.append(SLOW_PATIENCE_S / _STEPS_OF_PATIENCE)
        return max(PATIENCE_S, _STEPS_OF_PATIENCE * max(intervals_s, default=0.0))
