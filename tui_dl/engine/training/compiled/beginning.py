"""Where a loop begins to make its batches by a compiled step; light, as every loop imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batch_loop import BatchLoop
    from tui_dl.engine.training.compiled.stepping import CompiledStepping
    from tui_dl.engine.training.compiled.whole_step import CompileNews


def compiled_stepping(loop: BatchLoop) -> CompiledStepping:
    """What makes a loop's batches by a compiled step."""
    # torch's tracer takes a second to import, and is wanted here alone.
    from tui_dl.engine.training.compiled.stepping import CompiledStepping
    from tui_dl.engine.training.compiled.whole_step import WholeSteps

    def make_eagerly(parts: Parts) -> None:
        type(loop)(parts).run()

    def tell(news: CompileNews) -> None:
        if loop.tell_compiling is not None:
            loop.tell_compiling(news)

    steps = WholeSteps(make_eagerly)
    steps.tell = tell
    return CompiledStepping(loop, steps)
