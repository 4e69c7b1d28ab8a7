"""What the tests of sessions share: an experiment, a sink that keeps all, a clock that is told the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from tui_dl.engine.serving.inbox import Ticket
from tui_dl.engine.session.session import Session
from tui_dl.spec.preset import from_toml
from tui_dl.wire.commands import Run
from tui_dl.wire.messages import Answered, Message, RecordedEvent, StepsRecorded

if TYPE_CHECKING:
    from tui_dl.spec.experiment import Experiment
    from tui_dl.wire.commands import AnyCommand

M = TypeVar("M")
CLIENT = 1

BASE = """
[data]
name = "moons"
samples = 100
[model]
name = "mlp"
hidden = [8]
[optimizer]
name = "adam"
lr = 0.01
[training]
batch_size = 16
epochs = 4
device = "cpu"
checkpoint_every_s = 0
"""
STEPS_PER_EPOCH = 5
TOTAL_STEPS = 20


def experiment(more: str = "", base: str = BASE) -> Experiment:
    """Moons in five batches an epoch, four epochs; with more tables after it."""
    return from_toml(base + more, "test")


@dataclass
class Sink:
    """Keeps everything in order."""

    messages: list[Message] = field(default_factory=list)
    replies: list[tuple[int, Message]] = field(default_factory=list)
    events: list[RecordedEvent] = field(default_factory=list)

    def publish(self, message: Message) -> None:
        self.messages.append(message)

    def reply(self, client: int, message: Message) -> None:
        self.replies.append((client, message))

    def record(self, event: RecordedEvent) -> None:
        self.events.append(event)

    def of(self, kind: type[M]) -> list[M]:
        """All messages of a kind."""
        return [message for message in self.messages if isinstance(message, kind)]

    def last(self, kind: type[M]) -> M:
        """The newest message of a kind."""
        return self.of(kind)[-1]

    def answers(self) -> list[Answered]:
        """All answers."""
        return [message for _, message in self.replies if isinstance(message, Answered)]

    def column(self, name: str) -> dict[tuple[int, int], float]:
        """A metric's values by (segment, step)."""
        values = {}
        for message in self.of(StepsRecorded):
            matrix = np.frombuffer(message.columns, dtype="<f8").reshape(len(message.names), -1)
            for offset, value in enumerate(matrix[message.names.index(name)].tolist()):
                key = (message.segment, message.first_step + offset)
                assert key not in values, f"step {key} came twice"
                values[key] = value
        return values

    def kinds(self) -> list[str]:
        """What was recorded, in order."""
        return [event.kind for event in self.events]


@dataclass
class Clock:
    """Moves when it is told, and when somebody waits."""

    now: float = 0.0
    waited: list[float | None] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout_s: float | None) -> None:
        self.waited.append(timeout_s)
        if timeout_s is None:
            raise AssertionError("the session waits for a command that will not come")
        self.now += timeout_s


class Driver:
    """A session with someone at its controls."""

    def __init__(self, given: Experiment, *, paused: bool = True, **options: Any) -> None:
        self.sink = Sink()
        self.clock = options.pop("clock", None) or Clock()
        self.session = Session(given, self.sink, clock=self.clock, wait=self.clock.wait, **options)
        self._request = 0
        self.session.begin(paused=paused)

    def tell(self, command: AnyCommand) -> Answered | None:
        """Give one command and let it take effect; its answer, if it was given at once."""
        self._request += 1
        self.post(command)
        while self.session.inbox.tickets:
            self.session.advance()
        found = [answer for answer in self.sink.answers() if answer.request == self._request]
        return found[0] if found else None

    def post(self, command: AnyCommand) -> None:
        """Give a command that takes effect with the next advance."""
        self.session.inbox.post(Ticket(command, CLIENT, self._request))

    def go(self, most: int = 100_000) -> None:
        """Advance until the run rests."""
        for _ in range(most):
            if not self.session.is_running or self.session.ended:
                self.session.reports.flush()
                return
            self.session.advance()
        raise AssertionError("the run did not come to rest")

    def advance(self, times: int) -> None:
        """Advance so many times."""
        for _ in range(times):
            self.session.advance()

    def do(self, command: AnyCommand) -> None:
        """Give a command and go on until the run rests."""
        self.tell(command)
        self.go()

    @property
    def step(self) -> int:
        return self.session.trainer.step

    def weights(self) -> torch.Tensor:
        """All weights in one vector."""
        parameters = self.session.trainer.model.parameters()
        return torch.cat([parameter.detach().flatten() for parameter in parameters])


def losses_of_a_whole_run(**options: Any) -> tuple[dict[tuple[int, int], float], torch.Tensor]:
    """Each step's loss by (segment, step), and the weights at the end."""
    driver = Driver(experiment(), **options)
    driver.do(Run())
    return driver.sink.column("loss"), driver.weights()
