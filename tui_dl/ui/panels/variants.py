"""The runs beside this one: how each is drawn, how far it has come, and its numbers."""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment

from tui_dl.ui.ink import Line, Part, cells, fitted
from tui_dl.ui.numerals import count, number, share
from tui_dl.ui.panels.lines import GrowingPanel
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.ui.theme import palette_of
from tui_dl.ui.variants import Variant

_STROKES: Final = ("- -", "...")
_STYLES: Final = {"failed": "bad", "ended": "warn", "in step": "good"}


class VariantsPanel(GrowingPanel):
    """One line a variant; nothing while none runs."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("series", "status"))
    DEFAULT_CSS = """
    VariantsPanel { height: auto; max-height: 4; background: $boost; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """How each stands."""
        if not self.model.beside:
            return []
        from tui_dl.ui.plots.variant_series import look_of

        palette = palette_of(self.app)
        lines: list[Line] = []
        for place, variant in enumerate(self.model.beside):
            stroke = Segment(f" {_STROKES[place % len(_STROKES)]} ", palette.series(look_of(place)[0]))
            lines.append([stroke, (f"{place + 1} ", "dim"), *variant_line(self.model, variant, width - 7)])
        return lines


def variant_line(model: RunModel, variant: Variant, width: int) -> list[Part]:
    """Name, how it stands to the run, and its validation numbers, as many as there is room for."""
    standing = variant.standing
    parts: list[Part] = [(fitted(variant.name, min(len(variant.name), max(width // 3, 8))), "bold")]
    words = {
        "failed": variant.error,
        "ended": variant.ended,
        "starting": variant.model.status.detail or "starting",
        "in step": f"in step, {count(variant.step)}",
        "ahead": f"waits at step {count(variant.step)} for this run",
        "catching up": f"step {count(variant.step)}, catching up",
    }[standing]
    parts += ["  ", (words, _STYLES.get(standing, "dim"))]
    for metric, label, is_share in _numbers(model):
        value = variant.model.latest(metric)
        if value is None:
            continue
        text = f"  {label} {share(value) if is_share else number(value)}"
        if cells(parts) + len(text) <= width:
            parts.append((text, ""))
    return parts


def _numbers(model: RunModel) -> list[tuple[str, str, bool]]:
    primary = model.primary_metric
    found = [("validation.loss", "val loss", False)]
    if primary:
        found.append((f"validation.{primary}", f"val {primary}", primary == "accuracy"))
    return found
