"""Files that a user named or that were downloaded: one message for whatever is wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui_dl.errors import NotAvailable


def unusable(path: Path, problem: str) -> NotAvailable:
    """The one message: what is wrong with which file, and what would do."""
    return NotAvailable(f"{path}: {problem}")


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Whatever the system says against reading, in one message.

    Args:
        path: of a file or folder.
        what: it should be, such as "a CSV file".

    Raises:
        NotAvailable: if it is missing, may not be read, or is something else.
    """
    try:
        yield
    except FileNotFoundError:
        raise unusable(path, f"there is no such {'folder' if 'folder' in what else 'file'}.") from None
    except IsADirectoryError:
        raise unusable(path, f"is a folder, not {what}.") from None
    except NotADirectoryError:
        raise unusable(path, f"is a file, not {what}.") from None
    except PermissionError:
        raise unusable(path, "may not be read (permission denied).") from None
    except MemoryError:
        raise unusable(path, "does not fit in memory.") from None
    except OSError as error:
        raise unusable(path, f"can't be read: {error.strerror or error}.") from None
