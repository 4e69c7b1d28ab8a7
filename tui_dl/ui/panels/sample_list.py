"""The samples that fare worst as a list, where they are no pictures; and words before there is a view."""

from collections.abc import Sequence

from textual import events

from tui_dl.ui.ink import Line, Part, fitted, wrapped
from tui_dl.ui.numerals import share
from tui_dl.ui.panels.judged import (
    SampleChosen,
    chosen_index,
    class_name,
    judged,
    verdict_mark,
    verdict_style,
)
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel


class SampleList(LinePanel):
    """One line a sample; the chosen one is kept in sight."""

    def __init__(self, model: RunModel, *, classes: str | None = None) -> None:
        super().__init__(model, classes=classes)
        self.pinned: int | None = None

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A head and as many samples as there is room for."""
        view = judged(self.model.task_view)
        if view is None:
            words = wrapped(waiting_words(self.model), max(width - 4, 1))
            return [(), *([(f"  {line}", "dim")] for line in words)]
        lines: list[Line] = [[(" samples ", "title"), ("worst first: true → predicted, p(true)", "dim")]]
        names = max((len(name) for name in view.class_names), default=1)
        names = max(min(names, (width - 20) // 2), 1)
        chosen = chosen_index(view, self.pinned)
        for sample in view.samples[self._first(height) :]:
            is_chosen = sample.index == chosen
            true, said = class_name(view, sample.true_class), class_name(view, sample.predicted_class)
            parts: list[Part] = [
                ("▸" if is_chosen else " ", "key"),
                (verdict_mark(sample) + " ", verdict_style(sample)),
                (f"{fitted(true, names)} → {fitted(said, names)} ", "chosen" if is_chosen else ""),
                (f"{share(sample.probability):>7}", "bold"),
                (f"  #{sample.index}", "dim"),
            ]
            lines.append(parts)
        return lines[:height]

    def on_click(self, event: events.Click) -> None:
        view = judged(self.model.task_view)
        place = self._first(self.content_size.height) + event.y - 1
        if view is not None and event.y >= 1 and place < len(view.samples):
            event.stop()
            self.post_message(SampleChosen(view.samples[place].index))

    def _first(self, height: int) -> int:
        """The first sample that is shown."""
        view = judged(self.model.task_view)
        if view is None:
            return 0
        chosen, room = chosen_index(view, self.pinned), max(height - 1, 1)
        places = [place for place, sample in enumerate(view.samples) if sample.index == chosen]
        return max(places[0] - room + 1, 0) if places else 0


def waiting_words(model: RunModel) -> str:
    """Why there is nothing to see yet, or never will be."""
    if model.link in ("failed", "closed"):
        return "The engine has ended before anything was looked at."
    described = model.described
    if described is None:
        return "What the model makes of the data appears once the engine is up."
    return "What the model makes of the data appears with the next batches."
