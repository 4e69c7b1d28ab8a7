"""What all views of a classification have in common, in words; and the message that a sample was chosen."""

from typing import Final, final

from textual.message import Message

from tui_dl.ui.run_model import TaskView
from tui_dl.wire.snapshots import ChosenSample, ConfusionView, RegionsView, SamplesView, SampleView

JudgedView = RegionsView | ConfusionView | SamplesView
RIGHT: Final = "✓"
WRONG: Final = "✗"


@final
class SampleChosen(Message):
    """Somebody pointed at a validation sample."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


def judged(view: TaskView | None) -> JudgedView | None:
    """The view if it is one of a classification."""
    return view if isinstance(view, JudgedView) else None


def class_name(view: JudgedView, label: int) -> str:
    """A class as people call it; ? for no prediction at all."""
    if label < 0:
        return "?"
    return view.class_names[label] if label < len(view.class_names) else str(label)


def verdict_mark(sample: SampleView) -> str:
    """Right or wrong, told by a mark."""
    return RIGHT if sample.predicted_class == sample.true_class else WRONG


def verdict_style(sample: SampleView) -> str:
    """Right or wrong, as the name of a style."""
    return "good" if sample.predicted_class == sample.true_class else "bad"


def chosen_index(view: JudgedView, pinned: int | None) -> int | None:
    """The sample that stands out: the one that was picked, else the one that the engine shows."""
    if pinned is not None:
        return pinned
    chosen: ChosenSample | None = view.chosen
    return None if chosen is None else chosen.sample.index


def next_sample(view: JudgedView, pinned: int | None, by: int) -> int | None:
    """The sample so many places on in the list of the worst; None if there is none.

    One that is no longer among the worst is followed by the first.
    """
    order = [sample.index for sample in view.samples]
    if not order:
        return None
    present = chosen_index(view, pinned)
    if present not in order:
        return order[0]
    return order[min(max(order.index(present) + by, 0), len(order) - 1)]
