"""Keys for views, plots and what is drawn in them."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, always

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
    KeyAction("scale", "y", "y", "log scale", "Look", "Linear or logarithmic y axis", "toggle_scale"),
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
    KeyAction("up", "up,k", "↑", "up", "Look", "Scroll the view, or the layer before", "scroll_view(-1)"),
    KeyAction("down", "down,j", "↓", "down", "Look", "Scroll the view, or the next layer", "scroll_view(1)"),
)
