"""What all regularizers have in common."""

from tui_dl.spec.component import Component


class Regularizer(Component, frozen=True):
    """Base of all regularizers."""
