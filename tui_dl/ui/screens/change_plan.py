"""A change before and after: the plan with its choices, then the receipt."""

from typing import Any, ClassVar, Final, get_args

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.errors import TuiDlError
from tui_dl.spec.lecture import OptimizerState
from tui_dl.ui.ink import Line, Part, wrapped
from tui_dl.ui.numerals import count, number, rate
from tui_dl.ui.proposal import Proposal
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines
from tui_dl.ui.screens.see_through import SeeThroughScreen
from tui_dl.ui.steering import Steering
from tui_dl.wire.plans import Plan, Receipt

_LISTS: Final = (
    ("kept", "good", "stays exactly as it is"),
    ("rescaled", "info", "adapted in size"),
    ("converted", "info", "carried over in another form"),
    ("reset", "warn", "begins anew"),
)
WARMUPS: Final = (0, 10, 50, 200)
_WAIT_FOR_RECEIPT_S: Final = 0.05


class PlanScreen(SeeThroughScreen[str]):
    """Enter makes the change; Escape goes back to the form. Afterwards the receipt, which any key closes."""

    DEFAULT_CSS = f"PlanScreen {{ {DIALOG_CSS} & > .box {{ width: 84; }} }}"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter", "apply", show=False),
        Binding("escape", "back", show=False),
        Binding("s,ㄴ", "state", show=False),
        Binding("w,ㅈ", "warmup", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
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
        self._is_applying = False

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
            options = self._plan.rate_options
            place = int(event.character or "0") - 1
            if 0 <= place < len(options):
                event.stop()
                self._propose({**self._proposal.change, **self._with_rate(options[place].lr)})

    def action_apply(self) -> None:
        if self._receipt is not None:
            self.dismiss("done")
        elif self._plan is not None and not self._refusal and not self._is_applying:
            self._is_applying = True
            self.run_worker(self._apply())

    def action_back(self) -> None:
        self.dismiss("done" if self._receipt is not None else "back")

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
        self.query_one(DialogLines).move_lines(by)

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
        self.run_worker(self._fetch_plan(), exclusive=True, group="plan")

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

    def _show(self) -> None:
        box = self.query_one(".box", Vertical)
        width = max(min(84, self.app.size.width * 96 // 100) - 4, 20)
        if self._receipt is not None:
            box.border_title, box.border_subtitle = "Done", "any key closes   u undoes it"
            lines = receipt_lines(self._receipt, width)
        elif self._refusal:
            box.border_title, box.border_subtitle = "Not possible", "Esc back to the form"
            lines = [[(line, "bad")] for line in wrapped(self._refusal, width)]
        elif self._plan is None:
            lines = [[("Asking the engine what this would do…", "dim")]]
        else:
            box.border_title, box.border_subtitle = "Plan", "Enter makes the change   Esc back"
            lines = plan_lines(self._plan, self._proposal, width)
        self.query_one(DialogLines).show(lines)


def plan_lines(plan: Plan, proposal: Proposal, width: int) -> list[Line]:
    """The plan in words."""
    lines = _edit_lines(plan.edits, width)
    lines.append(())
    for name, style, meaning in _LISTS:
        lines += _list_lines(name, getattr(plan, name), style, meaning, width)
    if plan.restarts:
        text = "This is a fresh start by nature: training begins again at step 0; the history stays."
        lines += [[(line, "warn")] for line in wrapped(text, width)]
    for warning in plan.warnings:
        lines += [[(line, "warn")] for line in wrapped(f"! {warning}", width)]
    if plan.rate_options:
        lines += [
            (),
            [("Learning rate", "title"), ("   its next update, compared with the recent ones", "dim")],
        ]
        lines += [_rate_line(place, option.label, option.lr, option.relative_update)
                  for place, option in enumerate(plan.rate_options, start=1)]  # fmt: skip
    if "optimizer" in proposal.change:
        state: list[Part] = [("s", "key"), (" state ", "dim"), (plan.state, "bold"), "    "]
        state += [("w", "key"), (" warm-up ", "dim"), (f"{plan.warmup_steps} steps", "bold")]
        lines += [(), state]
    return lines


def receipt_lines(receipt: Receipt, width: int) -> list[Line]:
    """What the change did, in words and numbers."""
    lines: list[Line] = [
        [("at step ", "dim"), (count(receipt.step), "bold")],
        *_edit_lines(receipt.edits, width),
        (),
    ]
    before, after = receipt.probe_loss_before, receipt.probe_loss_after
    if before is not None or after is not None:
        lines.append([("loss on a fixed batch  ", "dim"), (number(before), "bold"), (" → ", "dim"),
                      (number(after), _jump_style(before, after))])  # fmt: skip
    if receipt.relative_update is not None:
        size = receipt.relative_update
        style = "warn" if size > 3 or size < 1 / 3 else "bold"
        lines.append(
            [
                ("next update            ", "dim"),
                (f"×{number(size, 3)}", style),
                (" of the recent ones", "dim"),
            ]
        )
    lines.append(())
    for name, style, meaning in _LISTS:
        lines += _list_lines(name, getattr(receipt, name), style, meaning, width)
    return lines


def _jump_style(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return "bad"
    return "warn" if after > 1.5 * before else "bold"


def _edit_lines(edits: tuple[tuple[str, str, str], ...], width: int) -> list[Line]:
    label = max((len(path) for path, _, _ in edits), default=0)
    lines: list[Line] = []
    for path, old, new in edits:
        lines.append(
            [(f"{path:<{label}}  ", "bold"), (old or "none", "dim"), (" → ", "dim"), (new or "none", "key")]
        )
    return lines or [[("Nothing would be different.", "dim")]]


def _list_lines(name: str, items: tuple[str, ...], style: str, meaning: str, width: int) -> list[Line]:
    if not items:
        return []
    head = f"{name:<10}"
    body = wrapped(", ".join(items), max(width - len(head), 20))
    lines: list[Line] = [[(head, style), (body[0], "")]]
    lines += [[" " * len(head), (text, "")] for text in body[1:]]
    if len(lines[-1]) and width - len(head) - len(body[-1]) > len(meaning) + 4:
        lines[-1] = [*lines[-1], (f"  {meaning}", "dim")]
    return lines


def _rate_line(place: int, label: str, lr: float, relative: float | None) -> Line:
    parts: list[Part] = [(f" {place} ", "key"), (f"{label:<13}", ""), (f"{rate(lr):>12}", "bold")]
    if relative is not None:
        style = "warn" if relative > 3 or relative < 1 / 3 else "good"
        parts.append((f"   ×{number(relative, 3)}", style))
    return parts
