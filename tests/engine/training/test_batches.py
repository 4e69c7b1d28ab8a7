"""Resident batches: order, position, copies."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.plain_loop import trainer
from tui_dl.engine.training.batches import Position, ResidentBatches


def source(count: int = 23, size: int = 5, seed: int = 0) -> ResidentBatches:
    inputs = torch.arange(count * 3, dtype=torch.float32).view(count, 3)
    return ResidentBatches(inputs, torch.arange(count), size, seed)


def epoch_of(batches: ResidentBatches) -> list[int]:
    epoch, order = batches.epoch, []
    while batches.epoch == epoch:
        order += batches.fetch()[1].tolist()
        batches.advance()
    return order


def test_an_epoch_has_every_sample_once_and_its_order_is_its_own() -> None:
    batches = source()
    first, second = epoch_of(batches), epoch_of(batches)
    assert sorted(first) == sorted(second) == list(range(23))
    assert first != second
    again = source()
    again.seek(Position(epoch=1))
    assert epoch_of(again) == second
    assert epoch_of(source(seed=2**40)) != first


def test_digits_have_23_batches_of_64() -> None:
    of = trainer(data="digits", training__batch_size=64)
    assert of.steps_per_epoch == 23
    sizes = []
    for _ in range(23):
        sizes.append(len(of.peek_batch()[0]))
        of.train_batch()
    assert sizes == [64] * 22 + [29]
    assert (of.epoch, of.epoch_samples, of.samples_seen) == (1, 0, 1437)


def test_a_batch_is_a_fresh_copy() -> None:
    batches = source()
    inputs, targets = batches.fetch()
    assert inputs.is_contiguous()
    assert inputs.storage_offset() == 0
    inputs.zero_()
    targets.zero_()
    again = batches.fetch()
    assert again[0].any()
    assert again[1].any()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_another_batch_size_goes_on_where_the_last_ended(sizes: list[int]) -> None:
    batches, order = source(), epoch_of(source())
    used: list[int] = []
    for size in sizes:
        batches.batch_size = size
        assert batches.samples == len(used)
        remaining = batches.remaining_steps(3)
        used += batches.fetch()[1].tolist()
        count = batches.advance()
        assert remaining - batches.remaining_steps(3) == 1
        assert 1 <= count <= size
        if batches.epoch:
            break
    assert used == order[: len(used)]


def test_peeking_gives_what_comes() -> None:
    of = trainer()
    for _ in range(20):
        peeked = of.peek_batch()
        phases = of.phases()
        next(phases)
        assert torch.equal(of.batch.inputs, peeked[0])
        assert torch.equal(of.batch.targets, peeked[1])
        assert of.peek_batch()[0] is of.batch.inputs
        of.train_batch()
