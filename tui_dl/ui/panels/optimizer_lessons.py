"""What the numbers of an optimizer mean, as a teacher would say it with the numbers of this moment."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tui_dl.spec import optimizers as spec
from tui_dl.ui.numerals import count
from tui_dl.ui.panels.optimizer_words import symbol
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading


def lesson(optimizer: spec.Optimizer, read: OptimizerRead | None) -> list[tuple[str, str]]:
    """What is held and why, as (name, words); numbers are those of the first layer that has any."""
    held = None if read is None else next((one for one in read.layers if one.step is not None), None)
    match optimizer:
        case spec.Sgd(momentum=0):
            words = [("state", "none: a step is rate × gradient, and nothing is remembered of it")]
        case spec.Sgd():
            numbers = (optimizer.momentum, optimizer.dampening)
            words = [("momentum", _momentum(*numbers, nesterov=optimizer.nesterov))]
        case spec.Adam() | spec.AdamW():
            words = _adam(optimizer, held)
        case spec.NAdam() | spec.RAdam() | spec.Adamax():
            words = _like_adam(optimizer, held)
        case _ if type(optimizer) in _LESSONS:
            words = _LESSONS[type(optimizer)](optimizer)
        case _:
            names = () if read is None else tuple(filter(None, (read.first_moment, read.second_moment)))
            words = [(symbol(name), f"torch's {name}") for name in names]
    return [*words, ("effective step", _effective(optimizer, read))]


def memory_steps(decay: float) -> str:
    """How many steps a running mean looks back, 1/(1 - β), in words."""
    return f"about {count(round(1 / (1 - decay)))} steps" if decay > 0 else "this step alone"


def _momentum(momentum: float, dampening: float = 0.0, *, nesterov: bool) -> str:
    look = ", looked up ahead of the step" if nesterov else ""
    reach = (1 - dampening) / (1 - momentum)
    if dampening > 0:
        return (
            f"past gradients, of which {momentum:g} is carried on and {1 - dampening:g} of each new one "
            f"added: on steady slopes steps become {reach:.3g} times those without it"
        )
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


def _like_adam(
    optimizer: spec.NAdam | spec.RAdam | spec.Adamax, held: OptimizerReading | None
) -> list[tuple[str, str]]:
    mean = ("m", f"running mean of the gradient over {memory_steps(optimizer.beta1)}: the direction")
    if isinstance(optimizer, spec.Adamax):
        largest = f"the largest gradient of late, forgotten over {memory_steps(optimizer.beta2)}: the scale"
        return [mean, ("u", largest)]
    scale = f"root of the running mean of its square over {memory_steps(optimizer.beta2)}: the scale"
    words = [mean, ("√v", scale)]
    if isinstance(optimizer, spec.NAdam):
        words.append(("look ahead", "a step takes the next step's momentum already, which warms up slowly"))
        return words
    trusted = "at first √v is of too few gradients: it steps by m alone, then shortened until √v is sure"
    if held is not None and held.step is not None:
        trusted += f"; here after {count(held.step)} steps"
    return [*words, ("rectified", trusted)]


def _adagrad(optimizer: spec.Adagrad) -> list[tuple[str, str]]:
    grows = "root of the sum of all squared gradients so far; a sum only grows, so steps only shrink"
    words = [("√G", grows)]
    if optimizer.lr_decay:
        words.append(("decay", "besides, the rate is divided by 1 + (step - 1) × lr_decay"))
    return words


def _adadelta(optimizer: spec.Adadelta) -> list[tuple[str, str]]:
    return [
        ("√v", f"root of the running mean of squared gradients over {memory_steps(optimizer.rho)}"),
        ("steps", "the same mean of its own squared steps: the next one is as long as those, over √v"),
        (
            "begins",
            f"with nothing to go by it begins √eps = {optimizer.eps**0.5:.2g} long, and finds its way",
        ),
    ]


def _adafactor(optimizer: spec.Adafactor) -> list[tuple[str, str]]:
    return [
        ("√v", "root of the mean squared gradient; of a matrix the means of rows and columns alone are kept"),
        ("step", "relative to the root mean square of the weights, its rate at most 1/√step"),
        ("cut", f"an update whose root mean square is above {optimizer.d:g} is scaled down to it"),
    ]


def _muon(optimizer: spec.Muon) -> list[tuple[str, str]]:
    return [
        (
            "momentum",
            f"of matrices, a running mean over {memory_steps(optimizer.momentum)}; a step is that matrix "
            "made orthogonal: as long in every direction",
        ),
        ("√v", f"of biases and all else alone: AdamW steps those, at a rate of {optimizer.adamw_lr:g}"),
    ]


def _lbfgs(optimizer: spec.Lbfgs) -> list[tuple[str, str]]:
    search = "each step as long as a line search finds good"
    if optimizer.line_search_fn == "none":
        search = f"each step {optimizer.lr:g} of the whole way, without looking"
    return [
        ("history", f"up to {optimizer.history_size} past steps, and how the gradient changed along them"),
        ("curvature", "told from these: a step goes where the gradient would be 0 if the loss were a bowl"),
        ("update", f"up to {optimizer.max_iter} such steps on the same batch; {search}"),
    ]


def _rprop(optimizer: spec.Rprop) -> list[tuple[str, str]]:
    return [
        (
            "steps",
            f"one for each weight: × {optimizer.eta_plus:g} where the gradient's sign stayed, "
            f"× {optimizer.eta_minus:g} where it changed; how large the gradient is never counts",
        ),
        ("sign", "between mini-batches it changes by chance: meant for the whole set as one batch"),
    ]


def _asgd(optimizer: spec.Asgd) -> list[tuple[str, str]]:
    return [
        ("rate", "falls as lr / (1 + lambd × lr × step)^alpha; a new lr counts one update later"),
        (
            "average",
            f"of the weights since step {count(round(optimizer.t0))}, kept beside: it is not trained on",
        ),
    ]


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
    if isinstance(optimizer, spec.Adafactor):
        return f"{words}: {times:.2g} × the rate, which is relative to the size of the weights"
    if isinstance(optimizer, spec.Muon):
        return f"{words}: {times:.2g} × the rate of matrices, whatever the gradient's scale"
    if isinstance(optimizer, spec.Lbfgs):
        return f"{words}: all iterations of the update together, their length found by looking"
    if isinstance(optimizer, spec.Asgd):
        return f"{words}: {times:.2g} × the base rate, as large as the gradient makes it"
    if isinstance(optimizer, spec.Rprop | spec.Adadelta):
        return f"{words}: found by itself, the rate only says where it began"
    return f"{words}: {times:.2g} × the rate, whatever the gradient's scale"


_LESSONS: Final[Mapping[type[spec.Optimizer], Callable[[Any], list[tuple[str, str]]]]] = {
    spec.RmsProp: _rmsprop,
    spec.Adagrad: _adagrad,
    spec.Adadelta: _adadelta,
    spec.Adafactor: _adafactor,
    spec.Muon: _muon,
    spec.Lbfgs: _lbfgs,
    spec.Rprop: _rprop,
    spec.Asgd: _asgd,
}
"""Of those that need no more than their settings."""
