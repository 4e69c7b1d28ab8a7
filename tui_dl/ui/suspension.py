"""Back to the shell for a while: the screen's process stops, with all that lies between it and the shell."""

import os
import signal

from textual.app import App, ReturnType


class SuspendableApp(App[ReturnType]):
    """An app that a key suspends as Ctrl-Z does elsewhere; `fg` brings it back."""

    def action_suspend_process(self) -> None:
        """Stop, unless nobody would be there to go on with it.

        Textual stops this process alone: a `make` in between would then wait, and its shell for that. Where
        a terminal runs the program and no shell, it would stop for good.
        """
        if self._driver is None or not self._driver.can_suspend:
            return
        if not has_shell_behind():
            self.notify("There is no shell behind this screen to go back to: q leaves, and it can train on.")
            return
        # The terminal is given back first: the shell takes it as soon as the first of its job has stopped.
        with self.suspend():
            os.kill(0, signal.SIGTSTP)  # 0: the whole group, which is the shell's job


def has_shell_behind() -> bool:
    """Whether a process of this session, but not of this job, has started the job: a shell with job control.

    Without one the job is an orphaned process group, in the words of POSIX, and nobody would continue it.
    """
    import psutil

    job = os.getpgrp()
    try:
        process = psutil.Process()
        while os.getpgid(process.pid) == job:
            parent = process.parent()
            if parent is None:
                return False
            process = parent
        return os.getsid(process.pid) == os.getsid(0)
    except (psutil.Error, OSError):
        return False
