"""`python -m tui_dl.engine.training.capabilities`: what torch can do here, as one JSON object on stdout."""

import os
import sys
from typing import Any

import msgspec


def measure() -> dict[str, Any]:
    """Versions, threads and devices. Imports torch, which takes a second or more."""
    import torch

    devices = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        devices.append({"name": properties.name, "memory_bytes": properties.total_memory})
    return {
        "torch": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "cpus": os.cpu_count(),
        "cuda": torch.version.cuda,
        "cuda_devices": devices,
    }


def main() -> None:
    """Print the object, or a reason under ``error``."""
    try:
        answer = measure()
    except (ImportError, OSError, RuntimeError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")


if __name__ == "__main__":
    main()
