"""What the tests of compiled steps share: trainers whose traced step runs as it is, without a compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.engine.plain_loop import trainer
from tui_dl.engine.training.compiled.compiler import uncompiled

if TYPE_CHECKING:
    from tui_dl.engine.training.compiled.whole_step import CompileNews
    from tui_dl.engine.training.trainer import Trainer


def traced(**change: Any) -> tuple[Trainer, list[CompileNews]]:
    """A trainer with a traced step, and what is told of compiling."""
    of = trainer(**{"training__compile": "on", **change})
    return of, without_compiler(of)


def without_compiler(of: Trainer) -> list[CompileNews]:
    """Let a trainer's traced steps run as they are; returns what is told of compiling."""
    compiled = of._loop.compiled
    assert compiled is not None
    compiled.steps.backend = uncompiled
    news: list[CompileNews] = []
    of.watch_compiling(news.append)
    return news


def is_compiled(of: Trainer) -> bool:
    """Whether the last update was made by the traced step."""
    compiled = of._loop.compiled
    return compiled is not None and compiled.steps.is_present and not of.batch.has_gradients
