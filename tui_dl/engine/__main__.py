"""The training process: `python -m tui_dl.engine RUN_FOLDER --listen-fd N [--resume] [--paused] [--owned]`.

Clients are served before torch is imported, which takes a second or more.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import shutil
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui_dl.engine.serving.inbox import Inbox, Ticket
from tui_dl.engine.serving.readings_file import ReadingsFile
from tui_dl.engine.serving.record import Record
from tui_dl.engine.serving.server import Server
from tui_dl.errors import NotAvailable, TuiDlError
from tui_dl.runs import RunFolder, RunWriter, hold_log
from tui_dl.runs.sockets import remove_socket
from tui_dl.runs.variants import VARIANTS_FOLDER
from tui_dl.wire.commands import Stop
from tui_dl.wire.messages import Answered, RunFailed, RunFinished, StatusChanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_dl.engine.session.loading import StoppedWhileLoading
    from tui_dl.engine.session.session import Session
    from tui_dl.engine.training.trainer import Trainer

FIRST_CLIENT_S: Final = 10.0
"""How long a run that was not told to wait does wait, so that a screen sees its first scene."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train a run; returns the exit code."""
    options = _options(arguments)
    folder = RunFolder(options.folder.resolve())
    try:
        lock = hold_log(folder.log_path)
        writer = RunWriter(folder.database_path)
        listener = socket.socket(fileno=options.listen_fd)
        place = Path(listener.getsockname())
    except (TuiDlError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code if isinstance(error, TuiDlError) else 1
    faulthandler.enable()
    inbox = Inbox()
    record = Record(writer, ReadingsFile(folder.readings_path))
    server = Server(listener, inbox, record, run=folder.id, owned=options.owned)
    _heed_signals(inbox, owned=options.owned)
    server.start()
    try:
        keep = _train(folder, options, server, record, writer, inbox)
        code = 0
    except Exception as error:  # noqa: BLE001 - the edge of the process: whoever watches is told
        keep = True
        code = _fail(error, server)
    server.close()
    remove_socket(place)
    lock.close()
    if not keep:
        _delete(folder)
    return code


def _train(
    folder: RunFolder,
    options: argparse.Namespace,
    server: Server,
    record: Record,
    writer: RunWriter,
    inbox: Inbox,
) -> bool:
    """All of the training; returns whether the run's folder is to be kept."""
    from tui_dl.engine.session.loading import StoppedWhileLoading, have_data
    from tui_dl.engine.session.session import Session
    from tui_dl.engine.session.threads import set_threads
    from tui_dl.engine.state.checkpoints import Checkpoints
    from tui_dl.engine.state.resume import find_resume_point, reopen
    from tui_dl.wire.messages import Noticed

    server.outbox.publish(StatusChanged("starting", "loading the data"))
    point = find_resume_point(folder) if options.resume else None
    server.open_record(record.load if point is None else lambda: reopen(point, writer, record))
    checkpoints = Checkpoints(
        folder.checkpoints_path,
        on_failure=lambda words: server.outbox.publish(Noticed("warning", words)),
        before_visible=server.commit,
    )
    experiment = folder.experiment()
    try:
        have_data(
            experiment.data, inbox, lambda words: server.outbox.publish(StatusChanged("starting", words))
        )
    except StoppedWhileLoading as stopped:
        return _end_before_training(server, stopped)

    def follow_threads(trainer: Trainer) -> None:
        assert trainer.experiment is not None
        assert trainer.splits is not None, "a session trains on an experiment's data"
        training = trainer.experiment.training
        set_threads(trainer.model, training, training.batch_size, trainer.splits.input_shape)

    session = Session(
        experiment,
        server.outbox,
        inbox=inbox,
        run=folder.id,
        path=str(folder.path),
        checkpoints=checkpoints,
        resume=None if point is None else point.state,
        segment=0 if point is None else point.segment,
        set_threads=follow_threads,
    )
    if point is not None:
        session.milestones.note_resumed(point.path.name, point.branches_from, point.turns)
    if not options.paused:
        _await_audience(server, inbox)
    session.begin(paused=options.paused)
    _advance(session)
    checkpoints.close()
    return session.keep


def _end_before_training(server: Server, stopped: StoppedWhileLoading) -> bool:
    """Somebody did not want to wait for the data; returns whether the run's folder is to be kept."""
    ticket = stopped.ticket
    server.outbox.publish(RunFinished(stopped.reason, 0))
    server.outbox.publish(StatusChanged("finished"))
    server.outbox.reply(ticket.client, Answered(ticket.request, 0))
    return stopped.keep


def _await_audience(server: Server, inbox: Inbox) -> None:
    """Give whoever started the run the time to connect; a signal that came meanwhile is not kept waiting."""
    deadline = time.monotonic() + FIRST_CLIENT_S
    while not inbox.tickets and time.monotonic() < deadline:
        if server.first_client.wait(0.05):
            return


def _delete(folder: RunFolder) -> None:
    """A cancelled run: out of sight first, as whoever reads the database would put files beside it."""
    grave = folder.path.with_name(f".deleted-{folder.id}")
    with suppress(OSError):
        folder.path.rename(grave)
        shutil.rmtree(grave)
        if folder.path.parent.name == VARIANTS_FOLDER:
            # The last one leaves no trace in the run that it stood beside.
            folder.path.parent.rmdir()


def _advance(session: Session) -> None:
    """Go on until told to end."""
    while not session.ended:
        session.advance()


def _fail(error: Exception, server: Server) -> int:
    """Say on the screen and in the log why it can't go on."""
    traceback.print_exception(error, file=sys.stderr)
    known = _in_memory_terms(error)
    code = known.exit_code if isinstance(known, TuiDlError) else 1
    words = str(known) if isinstance(known, TuiDlError) else f"{type(error).__name__}: {error}"
    server.outbox.publish(RunFailed(words, code))
    server.outbox.publish(StatusChanged("failed", words))
    return code


def _in_memory_terms(error: Exception) -> Exception:
    """A model or batch that does not fit is not available here, however torch puts it."""
    words = str(error)
    is_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if is_memory or (isinstance(error, RuntimeError) and "can't allocate memory" in words):
        return NotAvailable(f"there is not enough memory for this model and batch: {words.splitlines()[0]}")
    return error


def _heed_signals(inbox: Inbox, *, owned: bool) -> None:
    """A polite kill ends the run with a checkpoint. A closed terminal is no reason to end."""

    def stop(_number: int, _frame: Any) -> None:
        inbox.post(Ticket(Stop("stopped")))

    def interrupt(_number: int, _frame: Any) -> None:
        inbox.post(Ticket(Stop("interrupted")))

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, interrupt if owned else signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tui_dl.engine", description="Train one run.")
    parser.add_argument("folder", type=Path, help="the run's folder")
    parser.add_argument("--listen-fd", type=int, required=True, help="a listening socket that was passed on")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--paused", action="store_true", help="wait for a command before the first batch")
    parser.add_argument("--owned", action="store_true", help="end with the owner's connection")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    exit_code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # All is saved and said by now; taking torch apart would keep whoever waits for the end a while longer.
    os._exit(exit_code)
