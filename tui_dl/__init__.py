"""Train a neural network one batch at a time, look inside it, and change your mind while it runs.

The public names load on first use, so that ``import tui_dl`` costs nothing and loads no torch.
"""

from importlib import import_module

# As type checkers read it: `typing` itself takes ten times as long to import as all of this.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.errors import ChangeRefused
    from tui_dl.launcher import launch
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.preset import load_preset

__version__ = "0.1.0"

__all__ = ["ChangeRefused", "Experiment", "Trainer", "__version__", "launch", "load_preset"]

_HOMES = {
    "ChangeRefused": "tui_dl.errors",
    "Experiment": "tui_dl.spec.experiment",
    "Trainer": "tui_dl.engine.training.trainer",
    "launch": "tui_dl.launcher",
    "load_preset": "tui_dl.spec.preset",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use, and keep it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
