"""Keys for going, pausing and stepping."""

from typing import Final

from tui_dl.ui.keys.entry import KeyAction, resting, running, steers

RUN_KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction(
        "pause",
        "space",
        "space",
        "pause",
        "Run",
        "Stop at the next batch boundary",
        "toggle_run",
        running,
        1,
    ),
    KeyAction(
        "run",
        "space",
        "space",
        "run",
        "Run",
        "Go on until the next scene or the planned end",
        "toggle_run",
        resting,
        1,
    ),
    KeyAction("step", "s", "s", "step", "Run", "Make one batch, then pause", "step", steers, 2),
    KeyAction(
        "phase",
        "p,full_stop",
        "p",
        "phase",
        "Run",
        "Complete one phase of a batch: fetch, forward, loss, zero_grad, backward, clip, update",
        "step_phase",
        steers,
        3,
    ),
    KeyAction(
        "steps", "n", "n", "N batches", "Run", "Run that many batches, then pause", "step_many", steers, 10
    ),
    KeyAction(
        "epoch",
        "e",
        "e",
        "to epoch end",
        "Run",
        "Run to the end of this epoch, then pause",
        "run_epoch",
        steers,
        11,
    ),
    KeyAction(
        "faster",
        "plus,equals_sign",
        "+",
        "faster",
        "Run",
        "Raise the pace, up to flat out",
        "pace(1)",
        steers,
        13,
    ),
    KeyAction(
        "slower", "minus", "-", "slower", "Run", "Lower the pace, down to 1 batch/s", "pace(-1)", steers, 12
    ),
    KeyAction(
        "evaluate",
        "v",
        "v",
        "evaluate",
        "Run",
        "Evaluate the whole validation split now",
        "evaluate",
        steers,
    ),
    KeyAction(
        "restart",
        "R",
        "R",
        "restart",
        "Run",
        "Start over, from the same weights or a new seed",
        "restart",
        steers,
        15,
    ),
)
