"""Variants beside a run: in step with it, through undo and restart, to their end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.panels.test_panels import lively_model
from tests.ui.stepping_engine import SteppingEngine
from tui_dl.errors import EngineFailed
from tui_dl.spec.preset import load_preset
from tui_dl.ui.engine_port import Opening
from tui_dl.ui.panels.curves import curve_sets
from tui_dl.ui.plots.variant_series import FEW, look_of, variant_series
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.variants import MOST, Variant, Variants, free_names
from tui_dl.wire.commands import Restart, Step
from tui_dl.wire.messages import NonFiniteFound, Restarted

EXPERIMENT = load_preset("digits-mlp")


class World:
    """A main run's list of variants, with one that a test plays."""

    def __init__(self, *, last: int = 10**9) -> None:
        self.engine = SteppingEngine(EXPERIMENT, last=last)
        self.said: list[str] = []
        self.changes = 0
        self.model = RunModel(experiment=EXPERIMENT)
        self.variants = Variants(self.model.beside)
        self.variant = Variant(
            "twice the rate",
            Opening(self.engine.connect, EXPERIMENT),
            seed=EXPERIMENT.seed,
            changed=self._change,
            said=self.said.append,
        )

    def _change(self) -> None:
        self.changes += 1

    async def until(self, wanted: Callable[[], object]) -> None:
        while not wanted():
            await asyncio.sleep(0)


@asynccontextmanager
async def world(*, last: int = 10**9, step: int = 0, is_up: bool = True) -> AsyncIterator[World]:
    made = World(last=last)
    made.variants.add(made.variant, step)
    if is_up:
        made.engine.come_up()
        await made.until(lambda: made.variant.model.described)
    try:
        yield made
    finally:
        await made.variants.close()


async def test_a_variant_comes_to_the_runs_step_and_then_keeps_in_step() -> None:
    async with world(step=730) as here:
        await here.until(lambda: here.variant.standing == "in step")
        assert here.engine.step == 730
        assert [command.batches for command in here.engine.given(Step)] == [500, 230]
        here.variants.follow(741, Restarted(0, EXPERIMENT.seed, ""))
        assert here.variant.standing == "catching up"
        await here.until(lambda: here.engine.step == 741)
        assert here.changes > 0


async def test_before_its_engine_is_up_it_is_asked_for_nothing() -> None:
    async with world(step=100, is_up=False) as here:
        await here.until(lambda: here.engine.connections)
        here.variant.follow(120)
        await asyncio.sleep(0)
        assert not here.engine.commands
        assert here.variant.standing == "starting"
        here.engine.come_up()
        await here.until(lambda: here.engine.step == 120)


async def test_after_an_undo_it_waits_and_keeps_its_curve() -> None:
    async with world(step=300) as here:
        await here.until(lambda: here.variant.standing == "in step")
        here.variant.follow(100)
        await asyncio.sleep(0)
        assert here.variant.standing == "ahead"
        before = len(here.engine.commands)
        here.variant.follow(250)
        await asyncio.sleep(0)
        assert len(here.engine.commands) == before
        assert here.variant.model.history.last_step("train.loss") == 300
        here.variant.follow(310)
        await here.until(lambda: here.engine.step == 310)


async def test_a_restart_with_the_same_seed_keeps_it_and_another_seed_starts_it_over() -> None:
    async with world(step=300) as here:
        await here.until(lambda: here.variant.standing == "in step")
        here.variants.follow(0, Restarted(1, EXPERIMENT.seed, ""))
        await asyncio.sleep(0)
        assert not here.engine.given(Restart)
        assert here.variant.standing == "ahead"
        here.variants.follow(0, Restarted(2, 77, ""))
        await here.until(lambda: here.engine.given(Restart))
        assert here.engine.given(Restart) == [Restart(77)]
        here.variants.follow(40, Restarted(2, 77, ""))
        await here.until(lambda: here.engine.step == 40)
        assert here.engine.given(Restart) == [Restart(77)]


async def test_one_that_comes_to_its_end_says_so_and_is_left_alone() -> None:
    async with world(last=60, step=100) as here:
        await here.until(lambda: here.variant.standing == "ended")
        assert here.variant.ended == "all planned epochs done at step 60"
        assert not here.said
        here.variant.follow(200)
        await asyncio.sleep(0)
        assert here.engine.step == 60


async def test_one_that_is_not_finite_any_more_is_said_in_one_line() -> None:
    async with world(step=10) as here:
        await here.until(lambda: here.variant.standing == "in step")
        here.engine.post(NonFiniteFound(10, "loss", "layers.0"))
        await here.until(lambda: here.said)
        assert here.said == [
            "Variant twice the rate: loss is not finite in layers.0 at step 10; it goes no further."
        ]
        assert here.variant.standing == "ended"


async def test_one_whose_engine_cannot_start_is_said_in_one_line() -> None:
    here = World()
    here.engine.connect_errors.append(EngineFailed("no memory left; the end of its log:\n  Traceback"))
    here.variants.add(here.variant, 5)
    await here.until(lambda: here.said)
    assert here.said == ["Variant twice the rate: no memory left; the end of its log:"]
    assert here.variant.standing == "failed"
    await here.variants.close()


async def test_what_is_removed_lets_go_of_its_engine() -> None:
    async with world(step=10) as here:
        await here.until(lambda: here.variant.standing == "in step")
        here.variants.remove(["another"])
        assert here.variants.names == ("twice the rate",)
        here.variants.remove(["twice the rate"])
        assert here.model.beside == []
        await here.until(lambda: here.engine.is_closed)


@given(st.lists(st.integers(0, 3000), max_size=12))
def test_wherever_the_run_goes_the_variant_never_lies_behind_it(places: list[int]) -> None:
    async def go() -> None:
        async with world() as here:
            for place in places:
                here.variant.follow(place)
                await asyncio.sleep(0)
            await here.until(lambda: here.variant.standing in ("in step", "ahead"))
            assert here.engine.step == max(places, default=0) or here.engine.step >= here.variant.target
            assert here.variant.step == here.engine.step

    asyncio.run(go())


async def test_each_has_a_name_in_a_plot_by_validation_where_there_is_some() -> None:
    async with world(step=50) as here:
        main = await _with_one_beside(here)
        drawn = [variant_series(main, one.curves, (0.0, 100.0), 100) for one in curve_sets(main)]
        named = [[series for series in of_plot if not series.is_ghost] for of_plot in drawn]
        assert [[series.label for series in of_plot] for of_plot in named] == [["twice the rate"]] * 4
        loss = named[0][0]
        assert loss.current == 2.3
        assert loss.xs.size == 1, "one evaluation"
        assert named[2][0].xs.size > 30, "the gradient norm of each step"
        assert {series.dash for of_plot in named for series in of_plot} == {"dashed"}
        assert not any(series.smoothing for of_plot in drawn for series in of_plot)


async def test_of_a_few_training_lies_behind_validation() -> None:
    async with world(step=50) as here:
        main = await _with_one_beside(here)
        curves = curve_sets(main)[0].curves
        validation, training = variant_series(main, curves, (0.0, 100.0), 100)
        assert (training.is_ghost, training.label, training.colour) == (True, "", validation.colour)
        assert training.xs.size > 30
        assert training.current == here.variant.model.latest("train.loss")
        main.beside.extend([here.variant] * FEW)
        assert len(variant_series(main, curves, (0.0, 100.0), 100)) == FEW + 1, "of more it would be a tangle"


async def _with_one_beside(here: World) -> RunModel:
    await here.until(lambda: here.variant.standing == "in step")
    await here.until(lambda: here.variant.model.latest("validation.loss") is not None)
    main = lively_model()
    main.beside.append(here.variant)
    return main


def test_colours_and_dashes_tell_four_apart_and_none_is_of_the_run() -> None:
    looks = [look_of(place) for place in range(MOST)]
    assert len({colour for colour, _ in looks}) == MOST
    own = {curve.colour for one in curve_sets(lively_model())[:4] for curve in one.curves}
    assert not own & {colour for colour, _ in looks}
    assert len({dash for _, dash in looks}) > 1


@pytest.mark.parametrize(
    ("running", "expected"),
    [([], list("abcd")), (["a"], list("bcd")), (list("abcd"), []), (["x"], list("abc"))],
)
def test_as_many_may_run_as_there_are_places(running: list[str], expected: list[str]) -> None:
    assert free_names(list("abcde"), running) == expected
