"""Keys for views, plots and what is drawn in them."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, always, changeable, has_layers

PLOT_KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction(
        "metric",
        "m",
        "m",
        "next curve",
        "Look",
        "The keys go to the next plot; where there is room for one plot, it shows another metric",
        "next_plot",
        always,
        19,
    ),
    KeyAction(
        "zoom_in",
        "z",
        "z",
        "zoom",
        "Look",
        "Look closer: at the newest, or at the crosshair",
        "zoom(1)",
        always,
        20,
    ),
    KeyAction("zoom_out", "Z", "Z", "zoom out", "Look", "Look at twice as much", "zoom(-1)"),
    KeyAction(
        "pan_left", "left", "←", "earlier", "Look", "What was before, or the crosshair to the left", "pan(-1)"
    ),
    KeyAction(
        "pan_right", "right", "→", "later", "Look", "What came after, or the crosshair to the right", "pan(1)"
    ),
    KeyAction("leap_left", "shift+left", "shift+←", "much earlier", "Look", "The same, farther", "pan(-10)"),
    KeyAction("leap_right", "shift+right", "shift+→", "much later", "Look", "The same, farther", "pan(10)"),
    KeyAction(
        "follow", "f", "f", "follow", "Look", "Follow the newest data, or freeze what is shown", "follow"
    ),
    KeyAction("show_all", "0", "0", "show all", "Look", "The whole run in the plots", "show_all"),
    KeyAction(
        "crosshair",
        "x",
        "x",
        "crosshair",
        "Look",
        "Exact values of every curve at a step; arrows move it",
        "crosshair",
        always,
        21,
    ),
    KeyAction("back", "escape", "esc", "back", "Look", "Leave the crosshair or a page", "back"),
    KeyAction(
        "x_unit",
        "X",
        "X",
        "x axis",
        "Look",
        "Steps, epochs, samples or seconds on the x axis",
        "cycle_x_unit",
    ),
    KeyAction(
        "scale",
        "y",
        "y",
        "scale",
        "Look",
        "Linear, logarithmic or symlog y axis of the present plot",
        "cycle_scale",
    ),
    KeyAction(
        "smoothing",
        "w",
        "w",
        "smoothing",
        "Look",
        "Time constant of the average over noisy curves",
        "cycle_smoothing",
    ),
    KeyAction(
        "mark_labels",
        "g",
        "g",
        "labels",
        "Look",
        "Labels of changes and faults: where free, all, none",
        "mark_labels",
    ),
    KeyAction(
        "export",
        "E",
        "E",
        "export",
        "Look",
        "The plot as SVG or PNG, its data as CSV, the screen as SVG",
        "export",
    ),
)

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
    ),
    KeyAction(
        "toggle_time",
        "h",
        "h",
        "over time",
        "Look",
        "Histograms, optimizer, a layer's page: now, or over time",
        "toggle_time",
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
    *PLOT_KEYS,
)
