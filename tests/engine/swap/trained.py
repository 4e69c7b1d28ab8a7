"""What the tests of changes share: a trainer that has been going, and its optimizer's state."""

import copy
from typing import Any

from tests.engine.plain_loop import (
    continuation,
    trainer,
)
from tui_dl.engine.training.trainer import Trainer


def trained(steps: int = 20, **change: Any) -> Trainer:
    of = trainer(**change)
    continuation(of, steps)
    return of


def states(of: Trainer) -> list[dict[str, Any]]:
    return [copy.deepcopy(dict(of.optimizer.state.get(p, {}))) for p in of.model.parameters()]
