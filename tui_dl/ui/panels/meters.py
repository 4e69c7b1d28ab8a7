"""The line of system meters; it takes room only while it is shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from tui_dl.ui.ink import Line
from tui_dl.ui.panels.lines import GrowingPanel
from tui_dl.ui.run_model import RunModel, Topic

if TYPE_CHECKING:
    from tui_dl.ui.meters import MeterReading


class MetersPanel(GrowingPanel):
    """Shows the newest reading while `is_shown`."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    DEFAULT_CSS = """
    MetersPanel { height: auto; max-height: 1; background: $panel; }
    """

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self.is_shown = False
        self.reading: MeterReading | None = None

    def build(self, width: int, height: int) -> Sequence[Line]:
        """One line, or none."""
        if not self.is_shown:
            return []
        from tui_dl.ui.meters import meter_line

        return [meter_line(self.reading, width)]
