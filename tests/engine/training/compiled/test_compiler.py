"""The real compiler: one small step made into machine code, and what is said where there is none."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
import torch

from tests.engine.plain_loop import assert_same, trainer, weights
from tests.engine.training.compiled.compiling import is_compiled
from tui_dl.engine.training.compiled.compiler import reason

if TYPE_CHECKING:
    from tui_dl.engine.training.compiled.whole_step import CompileNews

HAS_COMPILER = any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


@pytest.mark.skipif(not HAS_COMPILER, reason="needs a C++ compiler")
def test_machine_code_equals_eager_steps_and_itself() -> None:
    news: list[CompileNews] = []
    # One hidden layer: a compiler takes a second for each loop.
    change = {"model__hidden": [4], "training__compile": "on", "training__batch_size": 32}
    of, eager = trainer(**change), trainer(**{**change, "training__compile": "off"})
    of.watch_compiling(news.append)
    assert next(iter(of.phases())) == "fetch"
    for _ in range(10):
        result, expected = of.train_batch(), eager.train_batch()
        assert result.loss == pytest.approx(expected.loss, rel=1e-4)
    assert [each.kind for each in news] == ["began", "done"]
    for name, value in weights(of.model).items():
        torch.testing.assert_close(value, weights(eager.model)[name], rtol=1e-4, atol=1e-5)
    again = trainer(**change)
    assert again._loop.compiled is not None
    assert of._loop.compiled is not None
    # Compiled once is enough.
    again._loop.compiled.steps.take_over(of._loop.compiled.steps)
    while again.step < 10:
        assert list(again.phases())[-1] == "update"
    assert_same(weights(again.model), weights(of.model))
    assert not is_compiled(again)


def test_a_missing_compiler_is_said_in_words() -> None:
    missing = RuntimeError("No working C++ compiler found in torch._inductor.config.cpp.cxx: (None,)")
    error = RuntimeError("backend='inductor' raised")
    error.__cause__ = missing
    assert reason(error) == "no C++ compiler is found here; install g++ or clang++, or name one in CXX"
    assert reason(ValueError("first line\nsecond")) == "ValueError: first line"
