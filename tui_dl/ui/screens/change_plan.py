"""A change before and after: the plan with its choices, then the receipt."""

from typing import TYPE_CHECKING, Any, ClassVar, Final, get_args

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.errors import SpecError, TuiDlError
from tui_dl.spec.change import apply_change
from tui_dl.spec.lecture import OptimizerState
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.plan_lines import plan_lines, receipt_lines, refusal_lines, state_lines
from tui_dl.ui.proposal import Proposal
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines
from tui_dl.ui.screens.working import run_work
from tui_dl.ui.steering import Steering

if TYPE_CHECKING:
    from tui_dl.ui.ink import Line
    from tui_dl.wire.plans import Plan, Receipt

WARMUPS: Final = (0, 10, 50, 200)
_WAIT_FOR_RECEIPT_S: Final = 0.05


class PlanScreen(Overlay[str]):
    """Enter makes the change; Escape goes back to the form. Afterwards the receipt, which any key closes."""

    DEFAULT_CSS = f"PlanScreen {{ {DIALOG_CSS} & > .box {{ width: 84; }} }}"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter", "apply", show=False),
        Binding("escape,ctrl+c", "back", show=False),
        Binding("y,ㅛ", "confirm", show=False),
        Binding("s,ㄴ", "state", show=False),
        Binding("w,ㅈ", "warmup", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
    ]

    def __init__(self, model: RunModel, steering: Steering, proposal: Proposal) -> None:
        super().__init__()
        self._model = model
        self._steering = steering
        self._proposal = proposal
        self._plan: Plan | None = None
        self._refusal = ""
        self._receipt_before = model.receipt
        self._receipt: Receipt | None = None
        self._is_applying = self._was_asked = False

    def compose(self) -> ComposeResult:
        """One box of lines."""
        box = Vertical(DialogLines([], id="dialog-lines"), classes="box")
        box.border_title = "Plan"
        yield box

    def on_mount(self) -> None:
        self._show()
        self._ask()

    def on_resize(self) -> None:
        self._show()

    def on_key(self, event: events.Key) -> None:
        if self._receipt is not None:
            event.stop()
            event.prevent_default()
            self.dismiss("done")
        elif self._plan is not None and (event.character or "").isdigit():
            event.stop()
            self.action_rate(int(event.character or "0"))

    def action_rate(self, place: int) -> None:
        """Take one of the rates that are offered, by its number from 1."""
        options = () if self._plan is None else self._plan.rate_options
        if 1 <= place <= len(options):
            self._propose({**self._proposal.change, **self._with_rate(options[place - 1].lr)})

    def action_apply(self) -> None:
        if self._receipt is not None:
            self.dismiss("done")
        elif self._plan is not None and not self._refusal:
            if self._plan.restarts and not self._was_asked:
                # Enter was pressed to see a plan; a run is not started over by pressing it once more unread.
                self._was_asked = True
                self._show()
            else:
                self.action_confirm()

    def action_confirm(self) -> None:
        if self._receipt is None and self._plan is not None and not self._refusal and not self._is_applying:
            self._is_applying = True
            run_work(self, self._apply, group="apply")

    def action_back(self) -> None:
        if not self._is_applying or self._receipt is not None:
            self.dismiss("done" if self._receipt is not None else "back")

    def action_cancel(self) -> None:
        self.action_back()

    def action_state(self) -> None:
        if self._plan is None or not self._touches_optimizer():
            return
        states = get_args(OptimizerState)
        present = self._proposal.state or self._plan.state
        self._propose(state=states[(states.index(present) + 1) % len(states)])

    def action_warmup(self) -> None:
        if self._plan is not None and self._touches_optimizer():
            place = (
                WARMUPS.index(self._proposal.warmup_steps) if self._proposal.warmup_steps in WARMUPS else 0
            )
            self._propose(warmup_steps=WARMUPS[(place + 1) % len(WARMUPS)])

    def action_scroll(self, by: int) -> None:
        for lines in self.query(DialogLines):
            lines.move_lines(by)

    # -- inside ----------------------------------------------------------------------------------------

    def _touches_optimizer(self) -> bool:
        return "optimizer" in self._proposal.change

    def _with_rate(self, lr: float) -> dict[str, Any]:
        table = self._proposal.change.get("optimizer")
        return {"optimizer": {**table, "lr": lr}} if isinstance(table, dict) else {"optimizer.lr": lr}

    def _propose(
        self,
        change: dict[str, Any] | None = None,
        *,
        state: OptimizerState | None = None,
        warmup_steps: int | None = None,
    ) -> None:
        old = self._proposal
        self._proposal = Proposal(
            old.change if change is None else change,
            old.state if state is None else state,
            old.warmup_steps if warmup_steps is None else warmup_steps,
        )
        self._ask()

    def _ask(self) -> None:
        run_work(self, self._fetch_plan, exclusive=True, group="plan")

    async def _fetch_plan(self) -> None:
        proposal = self._proposal
        try:
            self._plan = await self._steering.plan(proposal.change, proposal.state, proposal.warmup_steps)
            self._refusal = ""
        except TuiDlError as error:
            self._refusal = str(error)
        self._show()

    async def _apply(self) -> None:
        proposal = self._proposal
        try:
            await self._steering.apply(proposal.change, proposal.state, proposal.warmup_steps)
        except TuiDlError as error:
            self._refusal, self._is_applying = str(error), False
            self._show()
            return
        self._look_for_receipt()

    def _look_for_receipt(self) -> None:
        # The answer and the receipt are two messages; whichever comes first.
        if self._model.receipt is self._receipt_before:
            self.set_timer(_WAIT_FOR_RECEIPT_S, self._look_for_receipt)
            return
        self._receipt = self._model.receipt
        self._show()

    def _rate(self) -> float | None:
        """The learning rate that the change leads to."""
        experiment = self._model.experiment
        try:
            return (
                None if experiment is None else apply_change(experiment, self._proposal.change).optimizer.lr
            )
        except SpecError:
            return None

    def _show(self) -> None:
        box = next(iter(self.query(".box").results(Vertical)), None)
        painted = next(iter(self.query(DialogLines)), None)
        if box is None or painted is None:
            # The answer came while the screen was being closed.
            return
        width = max(min(84, self.app.size.width * 96 // 100) - 4, 20)
        lines: list[Line]
        shown = self._model.keymap.shown
        if self._receipt is not None:
            box.border_title, box.border_subtitle = (
                "Done",
                f"any key closes   then {shown('undo')} undoes it   {shown('receipts')} shows it again",
            )
            lines = receipt_lines(self._receipt, width)
        elif self._refusal:
            box.border_title, box.border_subtitle = "Not possible", "Esc back to the form"
            lines = refusal_lines(self._refusal, width)
            if self._plan is not None and self._proposal.state is not None:
                # Another state may be possible: nobody has to go back for it.
                lines += [(), *state_lines(self._proposal.state, self._proposal.warmup_steps, width)]
                box.border_subtitle = "s another state   Esc back to the form"
        elif self._plan is None:
            lines = [[("Asking the engine what this would do…", "dim")]]
        else:
            box.border_title, box.border_subtitle = "Plan", "Enter makes the change   Esc back"
            lines = plan_lines(
                self._plan, width, lr=self._rate(), chooses_state="optimizer" in self._proposal.change
            )
            if self._plan.restarts:
                box.border_title, box.border_subtitle = "Start over?", "y starts over   Esc back"
                if self._was_asked:
                    asked: Line = [("Enter or y", "key"), (" once more starts over, Esc goes back.", "bold")]
                    lines = [*lines, (), asked]
        painted.show(lines)
