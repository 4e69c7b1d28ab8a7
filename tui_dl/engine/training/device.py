"""Which device a run computes on."""

from __future__ import annotations

import torch

from tui_dl.errors import NotAvailable


def resolve_device(wanted: str) -> torch.device:
    """The device for ``auto``, ``cpu``, ``cuda`` or ``cuda:1``; auto takes CUDA where it is.

    Raises:
        NotAvailable: if it is not there.
    """
    if wanted == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return torch.device("cuda", torch.cuda.current_device()) if count else torch.device("cpu")
    if not count:
        raise NotAvailable(
            f"training.device: {wanted} is not available: torch finds no CUDA device here; use auto or cpu."
        )
    index = torch.cuda.current_device() if wanted == "cuda" else torch.device(wanted).index
    if index >= count:
        there = "cuda:0" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise NotAvailable(f"training.device: {wanted} is not available: there is {there}, or cpu.")
    return torch.device("cuda", index)
