"""While the program imports its command line, Ctrl-C ends it in silence instead of with a traceback.

Importing this sees to it, where the process is the program itself; `main` takes over.
"""

# Not `signal`: what it imports takes most of the time that is to be covered.
import _signal  # type: ignore[import-not-found]
import os
import sys

_PROGRAMS = ("tui-dl", "tui_dl/__main__.py")


def _end(_number: int, _frame: object) -> None:
    os._exit(130)


# `-m` while `python -m tui_dl` is still looking for it.
if sys.argv and (sys.argv[0] == "-m" or sys.argv[0].endswith(_PROGRAMS)):
    _signal.signal(_signal.SIGINT, _end)
