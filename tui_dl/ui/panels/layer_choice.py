"""The one layer that all lenses show: choosing it in one chooses it in all."""

from typing import Final

from textual.message import Message

from tui_dl.ui.run_model import RunModel

MEASURED_TOGETHER: Final = 256


class LayerChosen(Message):
    """Another layer was chosen: the engine should measure that one."""


def chosen_layer(model: RunModel) -> str:
    """The name of the layer that is shown; the first where none was chosen, empty before there is one."""
    names = [info.name for info in model.layers]
    chosen = model.lenses.chosen
    return chosen if chosen in names else names[0] if names else ""


def are_too_many(model: RunModel) -> bool:
    """Whether histograms are measured of the chosen layer alone, because of all they would take too long."""
    return len(model.layers) > MEASURED_TOGETHER


def neighbour(model: RunModel, by: int) -> str:
    """The layer so many places further on in the order of the forward pass; the last ones are the ends."""
    names = [info.name for info in model.layers]
    if not names:
        return ""
    place = names.index(chosen_layer(model)) + by
    return names[max(min(place, len(names) - 1), 0)]
