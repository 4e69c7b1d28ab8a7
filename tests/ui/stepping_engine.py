"""An engine for a variant, played by a test: it makes the steps that it is asked for."""

import numpy as np

from tests.ui.fake_engine import FakeEngine, described, status, steps
from tui_dl.errors import ChangeRefused
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.commands import AnyCommand, Restart, Step
from tui_dl.wire.messages import Answered, EvaluationRecorded, Restarted, RunFinished


class SteppingEngine(FakeEngine):
    """Satisfies the screen's port; ends by itself at step `last`."""

    def __init__(self, experiment: Experiment, *, last: int = 10**9) -> None:
        super().__init__()
        self.experiment = experiment
        self.step = 0
        self.last = last
        self.segment = 0

    def come_up(self) -> None:
        self.post(self.welcome, described(self.experiment), status("paused", 0))

    async def request(self, command: AnyCommand) -> Answered:
        answered = await super().request(command)
        match command:
            case Step(batches):
                if self.step >= self.last:
                    self.post(RunFinished("epochs", self.step))
                    raise ChangeRefused("the run has finished; resume it to go on")
                before, self.step = self.step, min(self.step + batches, self.last)
                self.post(
                    steps(before + 1, np.full(self.step - before, 2.3), self.segment),
                    EvaluationRecorded(
                        self.segment, self.step, 0, "validation", {"loss": 2.3, "accuracy": 0.1}
                    ),
                )
            case Restart(seed):
                self.step, self.segment = 0, self.segment + 1
                self.post(Restarted(self.segment, seed or 0, ""))
        return Answered(answered.request, self.step)
