"""The pictures of the loss in words: who pulls how hard, and what a step brought of what was promised."""

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.numerals import count, number, share
from tui_dl.wire.pictures import LossShapeRead, LossSliceRead

_EVEN = 0.15
_AT_ALL_OTHERS = {
    "lead": "all others equal",
    "logit": "all others 0",
}


def shape_words(read: LossShapeRead | None, width: int) -> Line:
    """Who pulls how hard, and of what the shape is drawn."""
    if read is None:
        return []
    parts: list[Part] = []
    if read.strongest_share is not None:
        style = "" if read.strongest_share < _EVEN else "bold"
        parts += [(" a tenth of the samples has ", "dim"), (share(read.strongest_share, 0), style)]
        parts.append((" of the pull", "dim"))
    else:
        parts.append((" no sample pulls", "dim"))
    more = [_AT_ALL_OTHERS[read.variable]] if read.variable in _AT_ALL_OTHERS else []
    if read.outputs > 1:
        more.append(f"{read.outputs} outputs")
    if read.sigma is not None:
        more.append(f"at predicted σ {number(read.sigma, 3)}")
    if read.target is not None:
        more.append(f"at target {number(read.target, 3)}")
    if read.nonfinite:
        more.append(f"{count(read.nonfinite)} samples not finite")
    return fitting(parts, [f"   {text}" for text in more], width)


def slice_words(read: LossSliceRead | None, step: int | None, width: int) -> Line:
    """The loss of the batch before and after, and what the slope had promised."""
    if read is None:
        return []
    gained, promised = read.before - read.after, -read.slope
    parts: list[Part] = [
        (" ", ""),
        (number(read.before), "bold"),
        (" → ", "dim"),
        (number(read.after), "bold"),
    ]
    parts.append((", promised ", "dim"))
    parts.append((number(read.before + read.slope), "bold"))
    if promised > 0:
        kept = gained / promised
        style = "bad" if not kept > 0 else "warn" if kept < 0.5 else "good"
        parts += [("   kept ", "dim"), (number(kept, 2), style)]
    more = [f"   norm of g {number(read.gradient_norm, 3)}"]
    if read.cosine is not None:
        along = "   along -g" if read.cosine > 0.9999 else f"   cosine with -g {number(read.cosine, 2)}"
        more.insert(0, along)
    if step is not None:
        more.append(f"   to step {count(step + read.is_next)}")
    return fitting(parts, more, width)


def fitting(parts: list[Part], more: list[str], width: int) -> Line:
    """The parts, and of the further words as many as there is room for."""
    for text in more:
        if cells(parts) + len(text) <= width:
            parts.append((text, "dim"))
    return parts
