"""What can be copied of a run, as text, and where else it is to be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

from tui_dl.ui.numerals import rate
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.plans import Receipt


@final
@dataclass(frozen=True, slots=True)
class Copy:
    """A text for the clipboard, what it is called, and where it is without one."""

    what: str
    text: str
    elsewhere: str


def numbers(model: RunModel) -> Copy | None:
    """The run's numbers with all their digits, a line each."""
    status = model.status
    lines = [f"run {model.run}", f"preset {model.preset}"] if model.run else [f"preset {model.preset}"]
    lines += [f"state {model.state}", f"step {status.step}", f"epoch {status.epoch}/{status.epochs}"]
    names = ["train.loss", "validation.loss"]
    if model.primary_metric:
        names += [f"train.{model.primary_metric}", f"validation.{model.primary_metric}"]
    for name in (*names, "lr", "grad_norm"):
        value = model.latest(name)
        if value is not None:
            lines.append(f"{name} {rate(value) if name == 'lr' else repr(value)}")
    if status.steps_per_s:
        lines.append(f"steps_per_s {status.steps_per_s:.1f}")
    if model.described is not None:
        lines.append(f"device {model.described.device}")
    return Copy("the numbers", "\n".join(lines) + "\n", f"tui-dl report {model.run}")


def experiment(model: RunModel) -> Copy | None:
    """The experiment as it is now, changes included, as TOML that loads back."""
    if model.experiment is None:
        return None
    from tui_dl.spec.preset import to_toml

    elsewhere = f"as it was started: {model.path}/experiment.toml" if model.path else ""
    if not elsewhere:
        elsewhere = f"tui-dl show {model.preset}"
    return Copy("the experiment as TOML", to_toml(model.experiment), elsewhere)


def receipt(model: RunModel) -> Copy | None:
    """What the last change has done."""
    if model.receipt is None:
        return None
    return Copy("the last receipt", receipt_text(model.receipt), f"tui-dl report {model.run}")


def place(model: RunModel) -> Copy | None:
    """The run's id and folder."""
    if not model.run:
        return None
    text = "\n".join(filter(None, (model.run, model.path)))
    return Copy("the run's id and folder", f"{text}\n", "tui-dl list runs")


COPIES: Final[Mapping[str, tuple[str, str, Callable[[RunModel], Copy | None]]]] = {
    "n": ("The numbers", "Step, losses, metrics, rate and gradient with all their digits.", numbers),
    "e": ("The experiment as TOML", "As it is now, changes included; it loads back.", experiment),
    "r": ("The last receipt", "What the last change kept, reset, rescaled and converted.", receipt),
    "i": ("The run's id and folder", "For tui-dl attach, resume, report, and for scripts.", place),
}
"""By its key: what it is called, what it is, and how it is made."""


def receipt_text(receipt: Receipt) -> str:
    """A receipt as lines of `name: values`."""
    lines = [f"step: {receipt.step}", f"source: {receipt.source}"]
    lines += [f"edit: {path}: {before} -> {after}" for path, before, after in receipt.edits]
    for name in ("kept", "reset", "rescaled", "converted"):
        values = getattr(receipt, name)
        lines.append(f"{name}: {', '.join(map(str, values)) or 'nothing'}")
    if receipt.state is not None:
        lines.append(f"state: {receipt.state}, warm-up {receipt.warmup_steps} steps")
    for name in ("probe_loss_before", "probe_loss_after"):
        value = getattr(receipt, name)
        if value is not None:
            lines.append(f"{name}: {value!r}")
    return "\n".join(lines) + "\n"
