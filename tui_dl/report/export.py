"""A run's whole history, every step, as JSON lines or as a table."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tui_dl.errors import UsageError
from tui_dl.report.loading import messages
from tui_dl.runs.folder import RunFolder
from tui_dl.runs.reader import RunReader
from tui_dl.wire import json_lines
from tui_dl.wire.messages import UNLISTED


def write_json_lines(folder: RunFolder, target: str) -> None:
    """One object a line, to a file or, for ``-``, to standard output."""
    with RunReader(folder.database_path) as reader, _opened(target) as stream:
        stream.write(json_lines.encode(_header(folder, reader)).decode())
        for message in messages(reader):
            for value in json_lines.objects(message):
                stream.write(json_lines.encode(value).decode())


def write_csv(folder: RunFolder, target: str) -> None:
    """One row a step with all metrics that any step has; empty where it has none or it is not finite."""
    with RunReader(folder.database_path) as reader, _opened(target) as stream:
        columns: dict[str, None] = {}
        for chunk in reader.steps():
            columns.update(dict.fromkeys(name for name in chunk.names if name not in UNLISTED))
        writer = csv.DictWriter(stream, ["segment", "step", *columns], restval="", lineterminator="\n")
        writer.writeheader()
        for chunk in reader.steps():
            for row in json_lines.objects(chunk):
                for key in ("type", "nonfinite"):
                    row.pop(key, None)
                writer.writerow(row)


def _header(folder: RunFolder, reader: RunReader) -> dict[str, object]:
    meta = reader.meta()
    known = ("preset", "title", "started", "state", "device", "threads", "parameters", "versions")
    return {
        "type": "started",
        "run": folder.id,
        "experiment": json_lines.plain(folder.experiment()),
        **{name: meta[name] for name in known if name in meta},
    }


@contextmanager
def _opened(target: str) -> Iterator[IO[str]]:
    if target == "-":
        yield sys.stdout
        return
    try:
        with Path(target).open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise UsageError(f"{target}: can't be written: {error.strerror or error}") from error
