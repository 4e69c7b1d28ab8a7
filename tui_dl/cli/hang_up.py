"""A terminal that is gone ends the program that draws on it, whoever started that one and how."""

import os
import select
import signal
import sys
import threading

_GONE = select.POLLHUP | select.POLLERR


def end_with_terminal() -> None:
    """End as a hangup does by default, from here on, when the terminal goes.

    Under `nohup`, or for a process that its terminal sends no signals to, nothing would end it: reading would
    find an end without end, which takes a whole core for as long as nobody notices.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if sys.stdin.isatty():
        watch = threading.Thread(target=_watch, args=(sys.stdin.fileno(),), name="hang-up", daemon=True)
        watch.start()


def _watch(terminal: int) -> None:
    """Sleep until the terminal is gone; where that can't be waited for, end in silence."""
    poll = select.poll()
    poll.register(terminal, 0)
    if any(event & _GONE for _, event in poll.poll()):
        os.kill(os.getpid(), signal.SIGHUP)
