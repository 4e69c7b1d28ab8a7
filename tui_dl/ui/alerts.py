"""When to call somebody who has looked away: a run finished, failed, or met a value that is not finite."""

from typing import Final, Literal

from tui_dl.ui.numerals import count, number, share
from tui_dl.ui.run_model import RunModel

Alert = Literal["finished", "nonfinite", "failed"]

ATTENTION_S: Final = 5.0
"""Whoever has pressed a key so lately looks at the screen."""


def is_away(last_input_s: float | None, now_s: float) -> bool:
    """Whether nobody has touched the terminal of late; None: never."""
    return last_input_s is None or now_s - last_input_s >= ATTENTION_S


def alert_text(what: Alert, model: RunModel) -> str:
    """One line for the desktop: which run, what happened, and the number that matters most."""
    run = model.preset or model.run or "the run"
    step = count(model.status.step)
    if what == "failed":
        reason = model.failed.error if model.failed is not None else model.link_detail
        first = next((line for line in reason.splitlines() if line), "its engine is gone")
        return f"tui-dl: {run} failed at step {step}: {first}"
    if what == "nonfinite":
        found = model.nonfinite
        where = f" in {found.layer}" if found is not None and found.layer else ""
        what_is = found.what if found is not None else "value"
        return f"tui-dl: {run} paused at step {step}: non-finite {what_is}{where}"
    metric = model.primary_metric
    value = model.latest(f"validation.{metric}")
    result = ""
    if value is not None:
        result = f", validation {metric} {share(value) if metric == 'accuracy' else number(value)}"
    return f"tui-dl: {run} finished at step {step}{result}"
