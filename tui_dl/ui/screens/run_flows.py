"""Conversations of the run screen that take several steps: changing, leaving, starting over, going on."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, final

from tui_dl.errors import EngineFailed, TuiDlError
from tui_dl.ui.engine_port import Farewell
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens import run_dialogs
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.ui.screens.working import run_work

if TYPE_CHECKING:
    from tui_dl.ui.screens.run import RunScreen

_LOOK_EVERY_S: Final = 0.05
_QUICK_S: Final = 0.4
"""What takes no longer needs no dialog."""
Announcement = Literal["finished", "nonfinite", "trouble"]


@final
class RunFlows:
    """Each public method starts a conversation and returns at once."""

    def __init__(self, screen: "RunScreen") -> None:
        self._screen = screen
        self._waiting: list[Announcement] = []
        self._is_talking = False

    def announce(self, what: Announcement | None = None) -> None:
        """Show what happened as a dialog; while another one is open it waits for its end."""
        if what is not None and what not in self._waiting:
            self._waiting.append(what)
        if self._waiting and not self._is_talking and self._screen.app.screen is self._screen:
            self._start(self._announced(self._waiting.pop(0)))

    def step_many(self) -> None:
        """Ask how many batches, then make them."""
        self._start(self._step_many())

    def change(self, path: str, field: str = "", component: str = "") -> None:
        """Form, plan, receipt; the form begins at a setting or with a component, if one is named."""
        self._start(self._change(path, field, component))

    def find_rate(self) -> None:
        """Try rates, show the curve, plan the one that is taken."""
        self._start(self._find_rate())

    def restart(self) -> None:
        """Ask with which seed, then start over."""
        self._start(self._restart())

    def leave(self) -> None:
        """Ask whether to detach or stop, then leave the program."""
        self._start(self._leave())

    def presets(self) -> None:
        """The same, then choose another run."""
        self._start(self._leave(self._screen.program.show_picker))

    def leave_for(self, then: Callable[[], None]) -> None:
        """The same, then do something else instead."""
        self._start(self._leave(then))

    def detached_words(self) -> str:
        """What to say on the plain terminal when this screen is gone."""
        return _farewell(self._screen.model.run, self._screen.model.link)

    def _start(self, conversation: Coroutine[Any, Any, None]) -> None:
        # One at a time: a key that is held down comes again before its dialog is there.
        if self._is_talking:
            conversation.close()
            return
        self._is_talking = True
        run_work(self._screen, partial(self._hold, conversation), conversation, group="conversations")

    async def _hold(self, conversation: Coroutine[Any, Any, None]) -> None:
        try:
            await conversation
        finally:
            self._is_talking = False
        self.announce()

    async def _ask(self, dialog: Dialog) -> str:
        return await self._screen.app.push_screen_wait(dialog)

    async def _announced(self, what: Announcement) -> None:
        screen, model = self._screen, self._screen.model
        screen.renew_all()
        if what == "nonfinite" and model.nonfinite is not None:
            await self._answer(await self._ask(run_dialogs.nonfinite_dialog(model)))
        elif what == "finished" and model.finished is not None:
            await self._answer(await self._ask(run_dialogs.finished_dialog(model)))
        elif what == "trouble" and model.link == "failed":
            can_resume = screen.program.openings is not None and model.status.step > 0
            await self._answer(await self._ask(run_dialogs.trouble_dialog(model, can_resume=can_resume)))

    async def _answer(self, answer: str) -> None:
        screen = self._screen
        if answer.startswith("extend:"):
            screen.do(screen.steering.extend(int(answer.partition(":")[2])))
            return
        match answer:
            case "optimizer" | "regularizers":
                await self._change(answer)
            case "undo":
                screen.do(screen.steering.undo(), by_hand=True)
            case "restart":
                await self._restart()
            case "test":
                await self._test()
            case "leave":
                await self._leave()
            case "presets":
                await self._leave(screen.program.show_picker)
            case "resume":
                screen.program.resume(screen.model.run)
            case _:
                pass

    async def _test(self) -> None:
        """Evaluate the test split, then ask again, now with its numbers."""
        screen = self._screen
        try:
            await screen.steering.evaluate_test()
        except TuiDlError as error:
            screen.complain(str(error))
            return
        await self._announced("finished")

    async def _step_many(self) -> None:
        from tui_dl.ui.screens.prompt import NumberPrompt

        batches = await self._screen.app.push_screen_wait(
            NumberPrompt("Run N batches", "How many batches, then pause?", default=100, largest=10**9)
        )
        if batches:
            self._screen.do(self._screen.steering.step(batches))

    async def _change(self, path: str, field: str = "", component: str = "") -> None:
        from tui_dl.ui.form.state import FormState
        from tui_dl.ui.screens.change_form import ChangeForm
        from tui_dl.ui.screens.change_plan import PlanScreen

        screen = self._screen
        assert screen.model.experiment is not None
        # What was written is still there when somebody comes back from the plan.
        place, _, name = path.partition(".") if path.startswith("regularizers.") else (path, "", "")
        form = FormState(screen.model.experiment, place, field, component or name)
        proposed = await screen.app.push_screen_wait(ChangeForm(form))
        while proposed is not None:
            if not screen.model.can_steer:
                screen.complain("Nothing was changed: this screen does not steer the run now.")
            else:
                plan = PlanScreen(screen.model, screen.steering, proposed)
                if await screen.app.push_screen_wait(plan) != "back":
                    return
            form.rebase(screen.model.experiment)
            proposed = await screen.app.push_screen_wait(ChangeForm(form))

    async def _find_rate(self) -> None:
        from tui_dl.ui.proposal import Proposal
        from tui_dl.ui.screens.change_plan import PlanScreen
        from tui_dl.ui.screens.rate_finder import RateFinder

        screen = self._screen
        found = None
        while True:
            finder = RateFinder(screen.model, screen.steering, found)
            rate = await screen.app.push_screen_wait(finder)
            if finder.is_searching:
                screen.do(screen.steering.cancel_rate_search())
            if rate is None:
                return
            found = finder.found
            plan = PlanScreen(screen.model, screen.steering, Proposal({"optimizer.lr": rate}))
            if await screen.app.push_screen_wait(plan) != "back":
                return

    async def _restart(self) -> None:
        answer = await self._ask(run_dialogs.restart_dialog(self._screen.model))
        experiment = self._screen.model.experiment
        if answer == "cancel" or experiment is None:
            return
        seed = experiment.seed + 1 if answer == "new" else None
        self._screen.do(self._screen.steering.restart(seed), by_hand=True)

    async def _leave(self, then: Callable[[], None] | None = None) -> None:
        screen, model = self._screen, self._screen.model
        answer = "detach"
        if model.controls if model.link == "live" else model.link == "connecting":
            may_delete = screen.opening.is_new and model.described is None
            answer = await self._ask(run_dialogs.leave_dialog(model, may_delete=may_delete))
        if answer == "cancel":
            return
        text = self.detached_words()
        if answer in ("stop", "delete"):
            try:
                text = await self._stop(keep=answer == "stop")
            except TuiDlError as error:
                if model.link == "live":
                    screen.complain(str(error))
                    return
        if then is not None and screen.program.openings is not None:
            then()
            return
        screen.app.exit(Farewell(text, _exit_code(model)))

    async def _stop(self, *, keep: bool) -> str:
        """Stop the run; returns what to say of it. Whoever does not want to wait for its end may leave."""
        screen, model = self._screen, self._screen.model
        work = asyncio.ensure_future(self._stopped(keep))
        done, _ = await asyncio.wait({work}, timeout=_QUICK_S)
        if not done and await self._ask(run_dialogs.stopping_dialog(model, work)) == "leave":
            work.cancel()
            if model.link == "connecting" and screen.opening.end is not None:
                # Nobody has taken the command: a signal is heeded whatever the engine is about.
                screen.opening.end()
            return f"{model.run} is being stopped; tui-dl stop {model.run} waits for its end."
        work.result()
        if not keep:
            return f"{model.run} is stopped and deleted."
        if (
            model.finished is not None
            and not model.finished.checkpoint
            and model.finished.reason == "stopped"
        ):
            return f"{model.run} is stopped; its last state could not be written to {model.path}/checkpoints"
        return f"{model.run} is stopped and kept; tui-dl resume {model.run} goes on from its checkpoint."

    async def _stopped(self, keep: bool) -> None:
        """A stop that is asked for while the engine still loads is given as soon as it listens."""
        while self._screen.model.link == "connecting":
            await asyncio.sleep(_LOOK_EVERY_S)
        await self._screen.steering.stop(keep=keep)


def _exit_code(model: RunModel) -> int:
    """What the engine said of its failure; 1 for one that died without a word."""
    if model.link != "failed":
        return 0
    return EngineFailed.exit_code if model.failed is None else model.failed.exit_code


def _farewell(run: str, link: str) -> str:
    if not run:
        return ""
    if link in ("failed", "closed"):
        return f"The engine of {run} has ended; tui-dl report {run} shows what was recorded."
    return f"{run} trains on; tui-dl attach {run} returns to it, tui-dl stop {run} ends it."
