"""What a preset has planned over the steps: scripted changes, scenes, early stopping. Pure bookkeeping."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

from tui_dl.engine.swap.best_weights import KeptWeights
from tui_dl.errors import ChangeRefused
from tui_dl.spec.regularizers import L1, L2, EarlyStopping, ElasticNet

if TYPE_CHECKING:
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.lecture import Scene, ScriptedChange
    from tui_dl.spec.regularizers import AnyRegularizer


PatienceState = tuple[float, int, KeptWeights | None]
"""Best loss, evaluations without improvement, and the weights of the best."""


@final
class Script:
    """The changes that a run makes by itself, each once, just before the batch after its step."""

    def __init__(self, changes: tuple[ScriptedChange, ...]) -> None:
        self._changes = sorted(changes, key=lambda change: change.at_step)
        self.position = 0
        self.next_step: float = math.inf
        """The step of the next change; infinity if there is none. Read before every batch."""
        self.move_to(0)

    def move_to(self, position: int) -> None:
        """So many changes have been made."""
        self.position = position
        self.next_step = self._changes[position].at_step if position < len(self._changes) else math.inf

    def take(self, step: int) -> list[ScriptedChange]:
        """The changes that are due at this step; they will not come again."""
        first = self.position
        while self.next_step <= step:
            self.move_to(self.position + 1)
        return self._changes[first : self.position]

    def return_to(self, step: int) -> None:
        """An undo led back: what lies after this step is due again, what was made at it is not."""
        after = sum(change.at_step <= step for change in self._changes)
        self.move_to(min(self.position, after))


@final
class Scenes:
    """Which scene the presenter is at. A scene is reached once; going back shows it again."""

    def __init__(self, scenes: tuple[Scene, ...]) -> None:
        self._order = sorted(range(len(scenes)), key=lambda index: scenes[index].at_step)
        self._scenes = [scenes[index] for index in self._order]
        self.reached = 0
        """How many scenes the run has come to."""
        self.shown: int | None = None
        """The scene that the run waits at or passed last, counted by their steps."""
        self.waiting = False

    @property
    def index(self) -> int | None:
        """The scene that the run waits at or passed last, counted as the experiment lists them."""
        return None if self.shown is None else self._order[self.shown]

    @property
    def next_step(self) -> float:
        """The step of the next scene; infinity if there is none."""
        return self._scenes[self.reached].at_step if self.reached < len(self._scenes) else math.inf

    def reach(self, step: int) -> Scene | None:
        """The scene that begins at this step, now waiting; None if there is none."""
        if self.next_step > step:
            return None
        scene = self._scenes[self.reached]
        self.shown = self.reached
        self.reached += 1
        self.waiting = True
        return scene

    def skip_before(self, step: int) -> None:
        """A screen came late: the scenes before this step are over."""
        self.reached = max(self.reached, sum(scene.at_step < step for scene in self._scenes))

    def go_on(self) -> None:
        """The presenter goes on."""
        self.waiting = False

    def return_to(self, step: int) -> None:
        """An undo led back: scenes after this step come again."""
        self.reached = min(self.reached, sum(scene.at_step <= step for scene in self._scenes))
        self.waiting = False

    def begin_again(self) -> None:
        """A restart: all scenes come again."""
        self.reached, self.shown, self.waiting = 0, None, False

    def show_previous(self, is_running: bool) -> None:
        """Back to the scene before, or, while running, to the one passed last. Raises ChangeRefused."""
        if self.shown is None:
            raise ChangeRefused("no scene lies before this one")
        target = self.shown if is_running else self.shown - 1
        if target < 0:
            raise ChangeRefused("this is the first scene")
        self.shown, self.waiting = target, True

    def show_next(self) -> bool:
        """On to a scene that was reached before. False if the run itself has to go on to the next."""
        if not self.waiting or self.shown is None or self.shown >= self.reached - 1:
            return False
        self.shown += 1
        return True

    def require_any(self) -> None:
        """Raises ChangeRefused if the preset has no scenes."""
        if not self._scenes:
            raise ChangeRefused("this experiment has no scenes")


@final
class Patience:
    """Early stopping: how long the validation loss has not improved (Prechelt, 1998)."""

    def __init__(self) -> None:
        self.best = math.inf
        self.evaluations_without = 0
        self.kept: KeptWeights | None = None
        """The weights of the best evaluation, where they are to come back."""

    @property
    def has_improved(self) -> bool:
        """Whether the last evaluation was the best so far."""
        return math.isfinite(self.best) and self.evaluations_without == 0

    @property
    def state(self) -> PatienceState:
        """What an undo puts back; weights are shared, nobody writes into them."""
        return self.best, self.evaluations_without, self.kept

    def return_to(self, state: PatienceState) -> None:
        """What `state` was."""
        self.best, self.evaluations_without, self.kept = state

    def is_exhausted(self, rule: EarlyStopping | None, loss: float) -> bool:
        """Take in the validation loss of one more evaluation; NaN is no improvement."""
        if rule is None:
            return False
        if loss < self.best - rule.min_delta:
            self.best, self.evaluations_without = loss, 0
            return False
        self.evaluations_without += 1
        return self.evaluations_without >= rule.patience

    def reset(self) -> None:
        """Begin anew: the loss means something else now, or the user goes on all the same."""
        self.best, self.evaluations_without, self.kept = math.inf, 0, None


@final
class Course:
    """All that a preset has planned, with its position; the position survives in checkpoints."""

    def __init__(self, experiment: Experiment) -> None:
        self.script = Script(experiment.scripts)
        self.scenes = Scenes(experiment.scenes)
        self.patience = Patience()

    def return_to(self, step: int, patience: PatienceState) -> None:
        """An undo led back to this step."""
        self.script.return_to(step)
        self.scenes.return_to(step)
        self.patience.return_to(patience)

    def begin_again(self, *, with_script: bool = True) -> None:
        """A restart. One that the script itself has made must not come again."""
        if with_script:
            self.script.move_to(0)
        self.scenes.begin_again()
        self.patience.reset()

    def state(self) -> dict[str, Any]:
        """Plain numbers, and tensors where the best weights are kept."""
        kept = self.patience.kept
        return {
            **({} if kept is None else {"kept": kept.state()}),
            "script": self.script.position,
            "scenes_reached": self.scenes.reached,
            "scene_shown": -1 if self.scenes.shown is None else self.scenes.shown,
            "best": self.patience.best,
            "evaluations_without": self.patience.evaluations_without,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """What `state` described."""
        self.script.move_to(int(state["script"]))
        self.scenes.reached = int(state["scenes_reached"])
        shown = int(state["scene_shown"])
        self.scenes.shown = None if shown < 0 else shown
        self.patience.best = float(state["best"])
        self.patience.evaluations_without = int(state["evaluations_without"])
        kept = state.get("kept")
        self.patience.kept = None if kept is None else KeptWeights(int(kept["step"]), dict(kept["tensors"]))


def looks_for_another_best(before: Experiment, after: Experiment) -> bool:
    """Whether the best so far means nothing after a change: another objective, or no weights kept of it."""
    rule, former = early_stopping(after), early_stopping(before)
    keeps = rule is not None and rule.restore_best and not (former is not None and former.restore_best)
    return before.loss != after.loss or penalties_of(before) != penalties_of(after) or keeps


def penalties_of(experiment: Experiment) -> tuple[AnyRegularizer, ...]:
    """What is part of the validation loss besides the loss function."""
    return tuple(each for each in experiment.regularizers if isinstance(each, L1 | L2 | ElasticNet))


def early_stopping(experiment: Experiment) -> EarlyStopping | None:
    """The experiment's rule of early stopping, if it has one."""
    return next((each for each in experiment.regularizers if isinstance(each, EarlyStopping)), None)
