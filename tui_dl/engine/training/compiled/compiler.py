"""A traced step made into machine code, and the reason in words where that does not work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
import torch._inductor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor
    from torch.fx import GraphModule

    Compiled = Callable[..., tuple[Tensor, ...]]
    Backend = Callable[[GraphModule, Sequence[Tensor]], Compiled]

_OPTIONS: Final[dict[str, Any]] = {
    # Draws of dropout come from torch's own generators, which the run swaps in and out.
    "fallback_random": True,
    # Workers of the compiler would be further processes with torch in each.
    "compile_threads": 1,
}


def inductor(graph: GraphModule, inputs: Sequence[Tensor]) -> Compiled:
    """Compile with torch's own compiler.

    Without `torch.compile` around it, which looks at every argument at each call for what may have changed:
    here all is known to be as it was, and a call takes 140 µs in place of 200.
    """
    for node in graph.graph.nodes:
        node.meta.pop("val", None)
    compiled: Compiled = torch._inductor.compile(graph, list(inputs), options=dict(_OPTIONS))
    return compiled


def uncompiled(graph: GraphModule, inputs: Sequence[Tensor]) -> Compiled:
    """The traced step as it is: what is compiled, without a compiler. For tests."""
    return graph


def reason(error: BaseException) -> str:
    """Why compiling failed, in a line."""
    causes: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in causes:
        causes.append(found)
        found = getattr(found, "inner_exception", None) or found.__cause__ or found.__context__
    text = " ".join(str(each) for each in causes)
    if "InvalidCxxCompiler" in {type(each).__name__ for each in causes} or "No working C++ compiler" in text:
        return "no C++ compiler is found here; install g++ or clang++, or name one in CXX"
    if "_local_scalar_dense" in text:
        return "something in the step reads a number from the device, as this optimizer does"
    first = next((line for each in reversed(causes) for line in str(each).splitlines() if line.strip()), "")
    return f"{type(causes[-1]).__name__}: {first[:200]}" if first else type(causes[-1]).__name__
