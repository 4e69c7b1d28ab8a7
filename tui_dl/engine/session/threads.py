"""How many CPU threads torch gets: more than one only pays where a batch is large."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from tui_dl.components.summary import describe_layers

if TYPE_CHECKING:
    from torch import nn

    from tui_dl.spec.training import Training

MANY_FLOPS: Final = 5e7
"""Below this a batch is too small to be shared: handing out the work costs more than it saves."""


def set_threads(
    model: nn.Module, training: Training, batch_samples: int, input_shape: tuple[int, ...]
) -> int:
    """Set torch's threads once for the process; returns their number.

    Args:
        model: what will be trained; each multiply-add costs 2 operations a sample forward and 4 backward.
        training: with the wish.
        batch_samples: samples in a batch.
        input_shape: shape of one sample.
    """
    threads = training.threads
    if threads == "auto":
        threads = chosen_threads(model, batch_samples, input_shape)
    torch.set_num_threads(threads)
    return threads


def chosen_threads(model: nn.Module, batch_samples: int, input_shape: tuple[int, ...]) -> int:
    """One for a small batch, else the physical cores, within what the environment allows."""
    work = sum(layer.multiply_adds for layer in describe_layers(model, input_shape))
    if 6.0 * work * batch_samples < MANY_FLOPS:
        return 1
    return min(physical_cores(), torch.get_num_threads())


def physical_cores() -> int:
    """Cores that this process may use, two hardware threads of one core counted once; at least 1."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            # No such file: not Linux, or a container without it. Then each counts.
            cores.add(str(cpu))
    return max(len(cores), 1)
