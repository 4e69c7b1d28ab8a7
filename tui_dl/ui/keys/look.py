"""Keys for views, plots and what is drawn in them."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, always, changeable

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
        "metric",
        "m",
        "m",
        "next curve",
        "Look",
        "Draw another metric where there is room for one plot",
        "next_metric",
        always,
        19,
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
    KeyAction("scale", "y", "y", "log scale", "Look", "Linear or logarithmic y axis", "toggle_scale"),
    KeyAction(
        "up", "up,k", "↑", "up", "Look", "Scroll the view, the layer or the sample before", "scroll_view(-1)"
    ),
    KeyAction(
        "enter_page",
        "enter",
        "enter",
        "next page",
        "Look",
        "In the task view: samples and matrix, then the chosen sample in full",
        "enter_page",
    ),
    KeyAction(
        "leave_page",
        "escape",
        "esc",
        "back",
        "Look",
        "In the task view: back to the first page, then to the worst sample",
        "leave_page",
    ),
    KeyAction(
        "down", "down,j", "↓", "down", "Look", "Scroll the view, the next layer or sample", "scroll_view(1)"
    ),
)
