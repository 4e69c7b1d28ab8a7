"""Keys for views, plots and what is drawn in them."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, always, changeable, has_layers

LOOK_KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction(
        "next_view", "tab", "tab", "next view", "Look", "Show the next view", "move_view(1)", always, 18
    ),
    KeyAction(
        "previous_view",
        "shift+tab",
        "shift+tab",
        "previous view",
        "Look",
        "Show the view before",
        "move_view(-1)",
    ),
    KeyAction(
        "overview",
        "1",
        "1",
        "overview",
        "Look",
        "The curves, and what matters beside them",
        "view('overview')",
    ),
    KeyAction(
        "layers",
        "2",
        "2",
        "layers",
        "Look",
        "Gradient norm, update ratio and dead units of each layer",
        "view('layers')",
    ),
    KeyAction(
        "histograms",
        "3",
        "3",
        "histograms",
        "Look",
        "Weights and gradients of each layer",
        "view('histograms')",
    ),
    KeyAction(
        "optimizer_view",
        "4",
        "4",
        "optimizer",
        "Look",
        "What the optimizer holds for each layer",
        "view('optimizer')",
    ),
    KeyAction("task", "5", "5", "task", "Look", "What the model makes of the data", "view('task')"),
    KeyAction("log", "6", "6", "log", "Look", "Changes, notices and the engine's words", "view('log')"),
    KeyAction(
        "open",
        "enter",
        "enter",
        "open",
        "Look",
        "Layers: the chosen layer's own page; task: the chosen sample in full",
        "enter_view",
        always,
        5,
        ("layers", "histograms", "optimizer", "task"),
    ),
    KeyAction(
        "sort_layers",
        "O",
        "O",
        "order",
        "Look",
        "Layers: order the table by the next column, largest or smallest first",
        "sort_layers",
        has_layers,
        6,
        ("layers",),
    ),
    KeyAction(
        "toggle_time",
        "h",
        "h",
        "over time",
        "Look",
        "Histograms, optimizer, a layer's page: now, or over time",
        "toggle_time",
        has_layers,
        5,
        ("layers", "histograms", "optimizer"),
    ),
    KeyAction(
        "variants",
        "V",
        "V",
        "variants",
        "Look",
        "Run the preset's variants beside this run and draw their curves over it, or end them",
        "variants",
        changeable,
        17,
    ),
    KeyAction(
        "up", "up,k", "↑", "up", "Look", "Scroll the view, the layer or the sample before", "scroll_view(-1)"
    ),
    KeyAction(
        "down", "down,j", "↓", "down", "Look", "Scroll the view, the next layer or sample", "scroll_view(1)"
    ),
    KeyAction(
        "maximise",
        "M",
        "M",
        "maximise",
        "Look",
        "The present plot or panel alone; M or Esc brings the others back",
        "maximise",
        always,
        20,
    ),
)
