"""Workers whose work is closed where they are cancelled before they have begun."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode

if TYPE_CHECKING:
    from textual.worker import Worker


def run_work(
    node: DOMNode,
    work: Callable[[], Coroutine[Any, Any, None]],
    *held: Coroutine[Any, Any, object],
    group: str,
    exclusive: bool = False,
) -> None:
    """Run a coroutine function in a worker, and in the end close the coroutines that it holds.

    A screen that goes cancels its workers, those too that have not begun: nobody awaits what these hold, and
    Python complains on the terminal when it finds that. A function makes nothing before it is called.
    """
    worker: Worker[None] = node.run_worker(work, group=group, exclusive=exclusive)

    def close(_: object) -> None:
        # What has ended is not touched by that.
        for coroutine in held:
            coroutine.close()

    task = worker._task
    assert task is not None
    task.add_done_callback(close)
