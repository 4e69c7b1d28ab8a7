"""The micro-step view: the seven phases of a batch as a strip, with what the last one did."""

from collections.abc import Sequence
from typing import ClassVar, Final

from tui_dl.ui.ink import Line, Part, cells, wrapped
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, Keymap
from tui_dl.ui.numerals import number
from tui_dl.ui.panels.lines import GrowingPanel
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.messages import PhaseReached

PHASES: Final = ("fetch", "forward", "loss", "zero_grad", "backward", "clip", "update")
_WORDS: Final = {
    "fetch": "take the next batch",
    "forward": "inputs through the layers to outputs",
    "loss": "compare outputs with targets: one number",
    "zero_grad": "forget the gradients of the batch before",
    "backward": "chain rule from the loss down: a gradient for each parameter",
    "clip": "total gradient norm; scale it down if clipping is on",
    "update": "the optimizer moves the weights",
}


class PhasesPanel(GrowingPanel):
    """Shown while the run rests inside a batch."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("phase", "status"))
    DEFAULT_CSS = """
    PhasesPanel { height: auto; max-height: 9; background: $boost; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The strip, then the newest phase's numbers and facts."""
        return phase_lines(self.model, width, self.keymap)


def phase_lines(model: RunModel, width: int, keymap: Keymap = DEFAULT_KEYMAP) -> list[Line]:
    """What the micro-step view says; empty at a batch boundary."""
    if not model.phases:
        return []
    present = model.phases[-1]
    done = {one.phase for one in model.phases}
    # Attached in the middle of a batch: what came before was not heard, but it was done.
    if present.phase in PHASES:
        done |= set(PHASES[: PHASES.index(present.phase)])
    following = _following(present)
    micro = f"· {present.micro_batch} of {present.micro_batches} " if present.micro_batches > 1 else ""
    lines: list[Line] = [
        [
            (f" batch {present.step:,} {micro}", "on_info"),
            " ",
            *_strip(present.phase, following, done, width < 90),
        ],
        [(f" {present.phase}: {_WORDS.get(present.phase, '')}", "dim")],
    ]
    values: list[Part] = [" "]
    for name, value in present.values.items():
        parts: list[Part] = [(f"{name} ", "dim"), (number(value, 5), "bold"), "   "]
        if cells(values) + cells(parts) <= width:
            values += parts
    if len(values) > 1:
        lines.append(values)
    for fact in present.facts:
        lines += [[f" {text}"] for text in wrapped(fact, width - 2)]
    rest: list[Part] = [
        (keymap.shown("step"), "key", "screen.step"),
        (" finish this batch   ", "dim", "screen.step"),
        (keymap.shown("run"), "key", "screen.toggle_run"),
        (" run on", "dim", "screen.toggle_run"),
    ]
    one: list[Part] = [(f" {keymap.shown('phase')}", "key", "screen.step_phase")]
    lines.append(
        [*one, (f" {following}   ", "dim", "screen.step_phase"), *rest] if following else [" ", *rest]
    )
    return lines


def _following(present: PhaseReached) -> str:
    """The phase that comes next: an update of several micro-batches begins anew until the last one."""
    if present.phase == "backward" and present.micro_batch < present.micro_batches:
        return "fetch"
    if present.phase == "loss" and present.micro_batch > 1:
        return "backward"
    index = PHASES.index(present.phase) + 1 if present.phase in PHASES else len(PHASES)
    return PHASES[index] if index < len(PHASES) else ""


def _strip(present: str, following: str, done: set[str], narrow: bool) -> list[Part]:
    """The phases in a row: those done are ticked, the present one stands out, the next one is bold."""
    strip: list[Part] = []
    for phase in PHASES:
        if phase == present:
            strip.append((f" {phase} ", "chosen"))
        elif phase in done:
            strip.append(("✓" if narrow else f"✓{phase}", "good"))
        elif phase == following:
            strip.append((phase, "bold"))
        else:
            strip.append(("·" if narrow else phase, "dim"))
        strip.append(" ")
    return strip
