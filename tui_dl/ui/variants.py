"""Runs beside the run on the screen: each an engine of its own, kept in step so that comparing is fair."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, Literal, final

from tui_dl.errors import TuiDlError
from tui_dl.ui.engine_port import Opening
from tui_dl.ui.run_link import RunLink
from tui_dl.ui.run_model import Link, RunModel
from tui_dl.wire.commands import Restart, Step
from tui_dl.wire.messages import AnyMessage, NonFiniteFound, Restarted, RunFinished

Standing = Literal["starting", "catching up", "in step", "ahead", "ended", "failed"]
MOST: Final = 4
"""Variants at a time: each keeps a core busy while it catches up."""
END_PATIENCE_S: Final = 2.0
_REASONS: Final = {"epochs": "all planned epochs done", "steps": "all planned steps done"}
MOST_AT_ONCE: Final = 500
"""Steps asked for at a time, so that a new seed or an end is not waited for long."""


@final
class Variant:
    """One run beside the main one: its own link and history, and how far it has come.

    Args:
        name: as the preset calls it.
        opening: of its engine, which waits at step 0.
        seed: that its weights and data are drawn with.
        changed: called when something of it should be drawn anew.
        said: called with a line of what went wrong.
    """

    def __init__(
        self,
        name: str,
        opening: Opening,
        *,
        seed: int,
        changed: Callable[[], None],
        said: Callable[[str], None],
    ) -> None:
        self.name = name
        self.model = RunModel(experiment=opening.experiment)
        self.step = 0
        """Updates made."""
        self.target = 0
        """Where the main run is."""
        self.error = ""
        self.ended = ""
        """Why it goes no further, in words; empty while it does."""
        self._seed = self._wanted_seed = seed
        self._changed, self._said = changed, said
        self._link = RunLink(opening, self._take, self._link_changed)
        self._moved = asyncio.Event()
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def standing(self) -> Standing:
        """How it stands to the main run."""
        if self.error:
            return "failed"
        if self.ended:
            return "ended"
        if self.model.described is None:
            return "starting"
        if self.step == self.target:
            return "in step"
        return "ahead" if self.step > self.target else "catching up"

    def start(self) -> None:
        """Connect, and follow the main run from here on."""
        self._tasks = [
            asyncio.create_task(self._link.follow(), name=f"variant {self.name}"),
            asyncio.create_task(self._keep_up(), name=f"variant {self.name} in step"),
        ]

    async def stop(self) -> None:
        """Let go of its engine, which ends with that; what was drawn of it is gone too."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def follow(self, step: int, seed: int | None = None) -> None:
        """The main run is at this step; with a seed, it has started over with that."""
        if seed is not None:
            self._wanted_seed = seed
        if step != self.target or self._wanted_seed != self._seed:
            self.target = step
            self._moved.set()

    # -- inside ----------------------------------------------------------------------------------------

    async def _keep_up(self) -> None:
        """Make the steps that the main run is ahead; after an undo of that one, wait for it."""
        while not (self.error or self.ended):
            await self._moved.wait()
            self._moved.clear()
            try:
                await self._catch_up()
            except TuiDlError as error:
                # A run that ends refuses first and says its end then: hear it out.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), END_PATIENCE_S)
                if not self.ended:
                    self._fail(str(error))

    async def _catch_up(self) -> None:
        if self.model.described is None:
            # Described, it will move by itself.
            return
        while not (self.error or self.ended):
            if self._wanted_seed != self._seed:
                seed = self._wanted_seed
                self.step = (await self._link.request(Restart(seed))).step
                self._seed = seed
            elif self.step < self.target:
                more = min(self.target - self.step, MOST_AT_ONCE)
                reached = (await self._link.request(Step(more))).step
                if reached <= self.step:
                    # It has come to its end, which it is about to say.
                    break
                self.step = reached
            else:
                break
            self._changed()

    def _take(self, message: AnyMessage) -> None:
        was_described = self.model.described is not None
        self.model.apply(message)
        match message:
            case RunFinished(reason, step):
                self.step = step
                self._end(self.ended or f"{_REASONS.get(reason, reason)} at step {step}")
            case NonFiniteFound(step=step, what=what, layer=layer):
                where = f" in {layer}" if layer else ""
                self._end(f"{what} is not finite{where} at step {step}")
                self._said(f"Variant {self.name}: {self.ended}; it goes no further.")
            case _:
                pass
        if not was_described and self.model.described is not None:
            self._moved.set()
        self._changed()

    def _link_changed(self, link: Link, detail: str) -> None:
        self.model.set_link(link, detail)
        if link == "failed":
            self._fail(detail)
        elif link == "closed" and not self.ended:
            self._end("its engine has ended")
        self._changed()

    def _end(self, words: str) -> None:
        self.ended = words
        self._over.set()

    def _fail(self, words: str) -> None:
        if not self.error:
            self.error = words.strip().splitlines()[0] if words.strip() else "its engine is gone"
            self._said(f"Variant {self.name}: {self.error}")
            self._over.set()
            self._moved.set()
            self._changed()


@final
class Variants:
    """Those that run now, in the order in which they were started; `beside` is the model's list of them."""

    def __init__(self, beside: list[Variant]) -> None:
        self._beside = beside
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """What runs beside."""
        return tuple(variant.name for variant in self._beside)

    def add(self, variant: Variant, step: int) -> None:
        """Start one and have it come to the main run's step."""
        self._beside.append(variant)
        variant.start()
        variant.follow(step)

    def remove(self, names: Iterable[str]) -> None:
        """End some; their curves go."""
        gone = set(names)
        for variant in [one for one in self._beside if one.name in gone]:
            self._beside.remove(variant)
            ending = asyncio.ensure_future(variant.stop())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End all and wait until they are let go of."""
        self.remove(self.names)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def follow(self, step: int, message: AnyMessage) -> None:
        """The main run has said something and is at this step."""
        seed = message.seed if isinstance(message, Restarted) else None
        for variant in self._beside:
            variant.follow(step, seed)


def free_names(names: Sequence[str], running: Sequence[str]) -> list[str]:
    """Those that do not run yet, as many as may run at once."""
    free = [name for name in names if name not in running]
    return free[: max(MOST - len(running), 0)]
