"""Downloads of what is not in the cache yet, told by checksums; one message for whatever goes wrong."""

import errno
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, final

from tui_dl.components.data.cache import cache_folder
from tui_dl.components.data.remote_files import REMOTE_SETS, RemoteFile, RemoteSet
from tui_dl.errors import NotAvailable

Tell = Callable[[str], None]
"""Is told in words how far a download is; whatever it raises ends it."""

PATIENCE_S: Final = 30.0
"""How long a server may say nothing."""
CHUNK_BYTES: Final = 1 << 16
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def silent(_words: str) -> None:
    """Tell nobody."""


def fetch(name: str, mirror: str = "", tell: Tell = silent) -> Path:
    """Have all files of a data set in the cache; returns their folder.

    What is there with the right checksum stays; a file that is not whole is never left there.

    Raises:
        NotAvailable: if a file can't be had or can't be kept.
    """
    wanted = REMOTE_SETS[name]
    servers = (mirror if mirror.endswith("/") else f"{mirror}/",) if mirror else wanted.servers
    folder = cache_folder(name)
    progress = _Progress(name, wanted, tell)
    for file in wanted.files:
        if not _is_here(folder / file.name, file):
            _make_folder(name, folder)
            _from_any(name, servers, file, folder, progress)
        progress.finish(file)
    return folder


def _is_here(path: Path, file: RemoteFile) -> bool:
    import pooch

    if not path.is_file():
        return False
    try:
        return bool(pooch.file_hash(str(path), alg="sha256") == file.sha256)
    except OSError:
        return False


def _make_folder(name: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_kept(name, folder, error) from None


def _from_any(
    name: str, servers: tuple[str, ...], file: RemoteFile, folder: Path, progress: "_Progress"
) -> None:
    """Ask one server after the other. The first one's complaint is what is said if all fail."""
    complaints: list[str] = []
    for server in servers:
        progress.begin()
        complaint = _download(name, f"{server}{file.name}", file, folder, progress)
        if not complaint:
            return
        complaints.append(complaint)
    others = f" {len(complaints) - 1} other server did no better." if len(complaints) > 1 else ""
    raise NotAvailable(
        f"{name} can't be downloaded: {complaints[0]}.{others} If you have the files, give their folder as "
        f"data.folder; without a network, data.name=digits has small pictures."
    )


def _download(name: str, url: str, file: RemoteFile, folder: Path, progress: "_Progress") -> str:
    """Download one file. Returns what the network has against it, empty if it is here now."""
    import pooch
    from requests import exceptions

    # It says on standard error what is told in a better place.
    pooch.get_logger().setLevel(logging.CRITICAL)
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=CHUNK_BYTES, timeout=PATIENCE_S)
    try:
        pooch.retrieve(url, f"sha256:{file.sha256}", fname=file.name, path=str(folder), downloader=downloader)
    except exceptions.HTTPError as error:
        answer = error.response
        return f"{url} was answered with {answer.status_code if answer is not None else error}"
    except exceptions.Timeout:
        return f"{url} has said nothing for {PATIENCE_S:.0f} s"
    except (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError):
        return f"{url} broke off after {_megabytes(progress.of_file)} of {_megabytes(file.size)} MB"
    except exceptions.ConnectionError as error:
        if progress.of_file:
            return f"{url} broke off after {_megabytes(progress.of_file)} of {_megabytes(file.size)} MB"
        return f"{url} can't be reached ({_innermost(error)})"
    except exceptions.RequestException as error:
        return f"{url}: {_innermost(error)}"
    except ValueError:
        return (
            f"{url} has the wrong checksum (SHA-256): it is not the file that was published, and was not kept"
        )
    except OSError as error:
        raise _not_kept(name, folder, error) from None
    return ""


def _not_kept(name: str, folder: Path, error: OSError) -> NotAvailable:
    if error.errno in _NO_ROOM:
        problem = "there is no room on the disk"
    else:
        problem = (error.strerror or str(error)).lower()
    where = "TUI_DL_HOME" if os.environ.get("TUI_DL_HOME") else "the environment variable TUI_DL_HOME"
    return NotAvailable(f"{name} can't be kept in {folder}: {problem}; {where} can name another place.")


def _innermost(error: BaseException) -> str:
    """The reason at the bottom of a chain of wrapped ones, in a line."""
    seen: Any = error
    while True:
        inner = getattr(seen, "reason", None) or next(
            (each for each in getattr(seen, "args", ()) if isinstance(each, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        seen = inner
    words = getattr(seen, "strerror", None) or str(seen).rpartition(": ")[2] or type(seen).__name__
    return re.sub(r"\[errno -?\d+\] ", "", str(words).splitlines()[0].strip(" '\">").lower())


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}"


@final
class _Progress:
    """What pooch tells of a file, added up over all files and put into words."""

    def __init__(self, name: str, wanted: RemoteSet, tell: Tell) -> None:
        self.total = 0
        """Written by pooch; what the server says of a file's size."""
        self.of_file = 0
        self._name = name
        self._whole = sum(file.size for file in wanted.files)
        self._done = 0
        self._tell = tell

    def begin(self) -> None:
        """A file is asked for."""
        self.of_file = 0
        self._say()

    def finish(self, file: RemoteFile) -> None:
        """A file is here."""
        self._done += file.size
        self.of_file = 0

    # What pooch asks of a bar.

    def update(self, count: int) -> None:
        """So many bytes more."""
        self.of_file += count
        self._say()

    def reset(self) -> None:
        """From the beginning."""
        self.of_file = 0

    def close(self) -> None:
        """All said."""

    def _say(self) -> None:
        done = min(self._done + self.of_file, self._whole)
        share = 100 * done // max(self._whole, 1)
        size = f"{_megabytes(done)} of {_megabytes(self._whole)} MB"
        self._tell(f"downloading {self._name}, {size} ({share}%)")
