import pytest

from tui_dl.components.optimizers import moments
from tui_dl.spec.catalogue import FAMILIES
from tui_dl.ui.ink import Line, cells
from tui_dl.ui.plan_lines import plan_lines, receipt_lines, refusal_lines, state_lines
from tui_dl.ui.plan_words import piece, reason, size_words
from tui_dl.wire.plans import Plan, RateOption, Receipt

SWAP = Plan(
    {"optimizer": "sgd"},
    (("optimizer", "adam(lr=0.001)", "sgd(lr=0.1)"),),
    kept=("weights", "position"),
    reset=("optimizer.step", "optimizer.exp_avg", "optimizer.exp_avg_sq"),
    state="fresh",
    rate_options=(RateOption("default", 0.1, 40.0), RateOption("matched", 0.0025, 1.0), RateOption("x", 1.0)),
)
LOSS = Plan(
    {"loss": "mse"},
    (("loss", "cross_entropy", "mse"),),
    kept=("weights", "position", "optimizer.step"),
    rescaled=("optimizer.exp_avg", "optimizer.exp_avg_sq"),
)
FRESH = Plan(
    {"data": "moons"},
    (("data", "digits", "moons"),),
    reset=("weights", "position"),
    state="fresh",
    restarts=True,
)


def text_of(lines: list[Line]) -> str:
    return "\n".join(
        "".join(part if isinstance(part, str) else str(part[0]) for part in line) for line in lines
    )


def plan_text(plan: Plan, width: int = 72, lr: float | None = 0.1) -> str:
    return text_of(plan_lines(plan, width, lr=lr, chooses_state=True))


@pytest.mark.parametrize("width", [53, 72, 80, 200])
@pytest.mark.parametrize("plan", [SWAP, LOSS, FRESH, Plan({})])
def test_a_plan_fits_at_every_width(plan: Plan, width: int) -> None:
    for line in plan_lines(plan, width, lr=0.1, chooses_state=False):
        assert cells(line) <= width


def test_what_stands_behind_layers_is_called_so_with_the_reason() -> None:
    assert piece("norms.3") == "norm of layer 3"
    assert piece("activations.0") == "learnt slopes of layer 0"
    norms = Plan({}, reset=("norms.0", "norms.1"), converted=("norms.2",))
    assert "nothing learnt yet" in reason("reset", norms)
    assert "computes what it did" in reason("converted", norms)


def test_a_swap_says_what_is_lost_and_why() -> None:
    text = " ".join(plan_text(SWAP).split())
    assert "✗ reset step count · m, mean of gradients · v, mean of squared gradients" in text
    assert "what adam has learnt about each weight means something else to sgd" in text


def test_the_rates_say_what_each_would_do_and_which_is_taken() -> None:
    lines = plan_text(SWAP, lr=0.0025).splitlines()
    default, matched, unknown = (next(line for line in lines if f" {n} " in line[:5]) for n in "123")
    assert "×40.0" in default
    assert "explode" in default
    assert not default.startswith("▸")
    assert matched.startswith("▸")
    assert "as long as the last ones" in matched
    assert "not known" in unknown


def test_a_new_loss_says_why_state_is_rescaled() -> None:
    assert "m·ρ and v·ρ²" in plan_text(LOSS)
    assert "gradients of another size" in reason("rescaled", LOSS)


def test_a_fresh_start_says_so_once() -> None:
    text = " ".join(plan_text(FRESH).split())
    assert text.count("fresh start by nature") == 1
    assert "new weights have no past" in text


@pytest.mark.parametrize("component", FAMILIES["optimizer"])
def test_every_piece_of_an_optimizers_state_has_words(component: type) -> None:
    held = moments(component())
    names = [name for name in (held.first, held.second, *held.others) if name]
    for name in names:
        assert piece(f"optimizer.{name}") != name.replace("_", " "), name


def test_a_receipt_says_what_the_change_did_to_the_loss() -> None:
    receipt = Receipt(
        50, 0, {}, SWAP.edits, SWAP.kept, SWAP.reset,
        state="fresh", probe_loss_before=0.5, probe_loss_after=2.5, relative_update=12.0, source="script",
    )  # fmt: skip
    text = text_of(receipt_lines(receipt, 72))
    assert "at step 50  by the script" in text
    assert "0.5000 → 2.500" in text
    assert "before any update" in text
    assert "×12.0" in text
    assert "explode" in text


@pytest.mark.parametrize("width", [40, 72, 120])
def test_what_a_receipt_says_is_not_cut(width: int) -> None:
    receipt = Receipt(5, 0, {"loss": "l1"}, (("loss", "mse", "l1"),), probe_loss_before=6.112,
                      probe_loss_after=1.6, relative_update=0.01)  # fmt: skip
    lines = receipt_lines(receipt, width)
    assert all(cells(line) <= width for line in lines)
    assert "before any update" in " ".join(text_of(lines).split())


def test_a_loss_that_is_not_finite_is_said() -> None:
    text = text_of(receipt_lines(Receipt(1, 0, {}, probe_loss_before=0.5), 72))
    assert "not finite" in text


def test_a_refusal_leaves_the_choice_of_another_state() -> None:
    assert "✗ because" in text_of(refusal_lines("because", 40))
    assert "calibrate" in text_of(state_lines("carry", 10, 40))
    assert "10 steps" in text_of(state_lines("carry", 10, 40))


@pytest.mark.parametrize(
    ("size", "word"), [(None, "not known"), (1.0, "as long"), (5.0, "jump"), (0.01, "frozen")]
)
def test_sizes_have_words(size: float | None, word: str) -> None:
    assert word in size_words(size)[0]


def test_a_head_that_changes_is_told_in_words() -> None:
    widened = Plan(
        {"loss": "gaussian_nll"},
        (("loss", "mse", "gaussian_nll"),),
        kept=("weights", "position"),
        converted=("head", "head.optimizer.exp_avg"),
        warnings=("the head layers.2 goes from 1 to 2 outputs",),
    )
    text = plan_text(widened)
    assert "last layer" in text
    assert "m, mean of gradients of the last layer" in text
    assert "rows for the values go on" in reason("converted", widened)
    assert "fits them no longer" in reason("reset", Plan({}, (), reset=("head.optimizer.exp_avg",)))
