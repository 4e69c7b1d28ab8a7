"""What the keys of a run mean as commands to its engine; knows no Textual."""

from collections.abc import Mapping
from typing import Any, Final, final

from tui_dl.errors import TuiDlError
from tui_dl.spec.lecture import OptimizerState
from tui_dl.ui.nudging import RATE, Nudging
from tui_dl.ui.run_link import RunLink
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.commands import (
    AnyCommand,
    ApplyChange,
    CancelRateSearch,
    Evaluate,
    ExtendRun,
    FindRate,
    GoToScene,
    Pause,
    ProbeName,
    Restart,
    Run,
    SetPace,
    Step,
    StepPhase,
    Stop,
    TakeControl,
    Undo,
    Watch,
)
from tui_dl.wire.plans import Plan

PACES_PER_S: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Flat out, which is 0 in a command, comes after the last."""
LENS_PROBES: Final[tuple[ProbeName, ...]] = ("layers", "histograms", "optimizer")
"""What lenses show over time: measured now and then also while none of them is open."""


@final
class Steering:
    """Turns what somebody wants into commands. Every method raises TuiDlError when the engine refuses."""

    def __init__(self, model: RunModel, link: RunLink) -> None:
        self._model = model
        self._link = link
        self._watched: Watch | None = None
        self._nudging = Nudging(model, self.apply)

    async def toggle_run(self) -> None:
        """Pause a running engine, let a paused one go on."""
        self._model.goal = None
        await self._give(Pause() if self._model.is_running else Run())

    async def pause(self) -> None:
        """Stop at the next batch boundary."""
        await self._give(Pause())

    async def step(self, batches: int = 1) -> None:
        """Make so many batches."""
        await self._give_goal(Step(batches), batches)

    async def step_phase(self) -> None:
        """Complete one phase of a batch."""
        await self._give(StepPhase())

    async def run_epoch(self) -> None:
        """Run to the end of the epoch."""
        await self._give_goal(Run(until_epoch_end=True), self._model.steps_left_in_epoch)

    async def change_pace(self, by: int) -> float:
        """One pace up or down; returns the new one, 0 for flat out."""
        pace = next_pace(self._model.status.pace, by)
        await self._give(SetPace(pace))
        return pace

    async def evaluate(self) -> None:
        """Evaluate the validation split."""
        await self._give(Evaluate())

    async def find_rate(self, settings: Mapping[str, Any]) -> None:
        """Try growing rates on copies; returns when the model has what was found."""
        await self._give(FindRate(dict(settings)))

    async def cancel_rate_search(self) -> None:
        """End the search that goes on."""
        await self._give(CancelRateSearch())

    async def evaluate_test(self) -> None:
        """Evaluate the test split; its numbers are there when this returns."""
        await self._give(Evaluate("test"))

    async def nudge_rate(self, by: int) -> None:
        """The learning rate a tenth up or down."""
        await self.nudge(RATE, by)

    async def nudge(self, path: str, by: int) -> None:
        """A setting by so many of its natural steps."""
        if path == "training.pace":
            # Not part of what is trained: no undo point, no mark.
            for _ in range(abs(by)):
                await self.change_pace(1 if by > 0 else -1)
            return
        await self._nudging.nudge(path, by)

    async def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        """What a change would do."""
        return await self._link.plan(change, state, warmup_steps)

    async def apply(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> None:
        """Make a change."""
        await self._give(ApplyChange(dict(change), state, warmup_steps))

    async def undo(self) -> None:
        """Take the last change back."""
        await self._give(Undo())

    async def restart(self, seed: int | None) -> None:
        """Start over."""
        await self._give(Restart(seed))

    async def extend(self, epochs: int) -> None:
        """Plan more epochs and go on."""
        await self._give(ExtendRun(epochs))

    async def move_scene(self, by: int) -> None:
        """Go on to the next scene, or back."""
        await self._give(GoToScene(by))

    async def take_control(self) -> None:
        """Become the one who steers."""
        await self._give(TakeControl())
        self._model.controls = True

    async def stop(self, *, keep: bool = True) -> None:
        """End the engine, with a checkpoint; without `keep` the run is deleted once it has ended."""
        await self._give(Stop(keep=keep))

    async def watch(
        self,
        probes: list[ProbeName],
        rate_hz: float,
        layer: str = "",
        sample: int | None = None,
        grid: tuple[int, int] = (0, 0),
        reach: tuple[float, ...] = (),
    ) -> None:
        """Tell what is on the screen, if that is not known yet."""
        wanted = Watch(probes, rate_hz, layer, sample, grid, list(LENS_PROBES), reach)
        if wanted != self._watched:
            self._watched = wanted
            await self._give(wanted)

    def forget_watch(self) -> None:
        """A new connection knows nothing of what the last one watched."""
        self._watched = None

    async def _give_goal(self, command: AnyCommand, steps: int) -> None:
        """Give a command that makes so many steps, with its goal in sight."""
        first = self._model.status.step
        self._model.goal = (first, first + steps) if steps > 1 else None
        try:
            await self._give(command)
        except TuiDlError:
            self._model.goal = None
            raise

    async def _give(self, command: AnyCommand) -> None:
        await self._link.request(command)


def next_pace(present: float, by: int) -> float:
    """The pace next to `present`, slower for by < 0; 0 is flat out, and nothing is faster."""
    if by > 0:
        faster = [pace for pace in PACES_PER_S if pace > present] if present else []
        return faster[0] if faster else 0.0
    slower = [pace for pace in PACES_PER_S if not present or pace < present]
    return slower[-1] if slower else PACES_PER_S[0]
