"""What the numbers of an optimizer mean, as a teacher would say it with the numbers of this moment."""

from collections.abc import Mapping
from typing import Final

from tui_dl.spec import optimizers as spec
from tui_dl.ui.ink import Line, Part
from tui_dl.ui.numerals import count, number
from tui_dl.ui.panels.layer_columns import compact
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading

SYMBOLS: Final[Mapping[str, str]] = {
    "exp_avg": "m",
    "momentum_buffer": "momentum",
    "exp_avg_sq": "√v",
    "square_avg": "√v",
    "sum": "√G",
    "exp_inf": "u",
    "update": "Δw",
}


def symbol(name: str) -> str:
    """How a state is called where there is little room; torch's name where it is not a known one."""
    return SYMBOLS.get(name, name)


def lesson(optimizer: spec.Optimizer, read: OptimizerRead | None) -> list[tuple[str, str]]:
    """What is held and why, as (name, words); numbers are those of the first layer that has any."""
    held = None if read is None else next((one for one in read.layers if one.step is not None), None)
    match optimizer:
        case spec.Sgd(momentum=0):
            words = [("state", "none: a step is rate × gradient, and nothing is remembered of it")]
        case spec.Sgd():
            words = [("momentum", _momentum(optimizer.momentum, nesterov=optimizer.nesterov))]
        case spec.Adam() | spec.AdamW():
            words = _adam(optimizer, held)
        case spec.RmsProp():
            words = _rmsprop(optimizer)
        case spec.Adagrad():
            words = [
                (
                    "√G",
                    "root of the sum of all squared gradients so far; a sum only grows, so steps only shrink",
                )
            ]
            if optimizer.lr_decay:
                words.append(("decay", "besides, the rate is divided by 1 + (step - 1) × lr_decay"))
        case _:
            names = () if read is None else tuple(filter(None, (read.first_moment, read.second_moment)))
            words = [(symbol(name), f"torch's {name}") for name in names]
    return [*words, ("effective step", _effective(optimizer, read))]


def state_line(read: OptimizerRead, one: OptimizerReading) -> Line:
    """What the optimizer holds for one layer, in a line."""
    parts: list[Part] = [(f" {read.optimizer} ", "dim")]
    for name, value in (
        (read.first_moment, one.first_moment_rms),
        (read.second_moment, one.second_moment_rms),
    ):
        if name:
            parts += [(f" {symbol(name)} ", "dim"), (f"{compact(value)} ", "bold")]
    if one.first_bias_correction is not None:
        parts += [("  1-β₁ᵗ ", "dim"), (f"{number(one.first_bias_correction, 3)} ", "")]
    if one.second_bias_correction is not None:
        parts += [(" 1-β₂ᵗ ", "dim"), (f"{number(one.second_bias_correction, 3)} ", "")]
    if not read.first_moment and not read.second_moment:
        parts.append((" holds nothing ", ""))
    return [*parts, ("  effective step ", "dim"), (compact(one.effective_step), "bold")]


def memory_steps(decay: float) -> str:
    """How many steps a running mean looks back, 1/(1 - β), in words."""
    return f"about {count(round(1 / (1 - decay)))} steps" if decay > 0 else "this step alone"


def _momentum(momentum: float, *, nesterov: bool) -> str:
    look = ", looked up ahead of the step" if nesterov else ""
    reach = 1 / (1 - momentum)
    return (
        f"the decaying sum of past gradients: {momentum:g} of it is carried on, so that steady slopes are "
        f"taken up to {reach:.3g} times faster{look}"
    )


def _adam(optimizer: spec.Adam | spec.AdamW, held: OptimizerReading | None) -> list[tuple[str, str]]:
    words = [
        ("m", f"running mean of the gradient over {memory_steps(optimizer.beta1)}: the direction"),
        ("√v", f"root of the running mean of its square over {memory_steps(optimizer.beta2)}: the scale"),
    ]
    if held is not None and held.first_bias_correction and held.second_bias_correction:
        first, second = held.first_bias_correction, held.second_bias_correction
        words.append(
            (
                "correction",
                f"both begin at 0 and are too small at first: m ÷ {first:.3g}, v ÷ {second:.3g} "
                f"at its step {count(held.step or 0)}",
            )
        )
    if isinstance(optimizer, spec.AdamW) and optimizer.weight_decay:
        words.append(("decay", f"besides, every weight loses rate × {optimizer.weight_decay:g} of itself"))
    return words


def _rmsprop(optimizer: spec.RmsProp) -> list[tuple[str, str]]:
    words = [
        (
            "√v",
            f"root of the running mean of squared gradients over {memory_steps(optimizer.alpha)}: it forgets",
        )
    ]
    if optimizer.centered:
        words.append(("centered", "the squared mean is taken off first: divided by the deviation"))
    if optimizer.momentum:
        words.insert(0, ("momentum", _momentum(optimizer.momentum, nesterov=False)))
    return words


def _effective(optimizer: spec.Optimizer, read: OptimizerRead | None) -> str:
    words = "root mean square of Δw, what the last update did to a weight"
    rate = 0.0 if read is None else read.lr
    if read is None or not rate or read.effective_step is None:
        return words
    times = read.effective_step / rate
    if isinstance(optimizer, spec.Sgd):
        return f"{words}: {times:.2g} × the rate, as large as the gradient makes it"
    if isinstance(optimizer, spec.Adagrad):
        return f"{words}: {times:.2g} × the rate, and shrinking"
    return f"{words}: {times:.2g} × the rate, whatever the gradient's scale"
