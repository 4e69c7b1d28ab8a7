"""Text of a file that a user named, or one message why there is none."""

from pathlib import Path

from tui_dl.errors import SpecError

LARGEST_BYTES = 1 << 20


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        SpecError: if it is missing, a folder, unreadable, too large or not text.
    """
    source = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise SpecError("there is no such file.", source=source) from None
    except IsADirectoryError:
        raise SpecError("is a folder, not a TOML file.", source=source) from None
    except PermissionError:
        raise SpecError("may not be read (permission denied).", source=source) from None
    except (OSError, ValueError) as error:  # a broken disk, a name that is too long or holds a NUL
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpecError(f"can't be read: {reason}.", source=source) from None
    if len(content) > LARGEST_BYTES:
        raise SpecError(
            f"is larger than {LARGEST_BYTES >> 20} MiB, too large for an experiment.", source=source
        )
    if b"\0" in content:
        raise SpecError("is not a text file: it contains a NUL byte.", source=source)
    try:
        return content.decode("utf-8-sig")  # some editors put a byte-order mark first
    except UnicodeDecodeError as error:
        raise SpecError(f"is not UTF-8 text: byte {error.start} is not valid.", source=source) from None
