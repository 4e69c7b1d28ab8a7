"""What real engines said, frame by frame, to be said again to the screen; `record.py` makes them anew."""

from pathlib import Path

from tui_dl.wire.framing import FrameSplitter, decode_message
from tui_dl.wire.messages import AnyMessage

FOLDER = Path(__file__).parent
NAMES = ("digits", "spiral", "line")


def recorded(name: str) -> list[AnyMessage]:
    """All messages of a recording, in order."""
    return [decode_message(body) for body in FrameSplitter().feed((FOLDER / f"{name}.frames").read_bytes())]
