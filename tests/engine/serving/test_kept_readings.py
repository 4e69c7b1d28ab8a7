"""What the engine keeps of its instruments for those who come late: bounded, and of this run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_dl.engine.serving.kept_readings import ENTRY_BYTES, MOST_BYTES, MOST_HISTOGRAMS, KeptReadings
from tui_dl.history.lineage import Span
from tui_dl.wire.framing import FrameSplitter, decode_message, frame
from tui_dl.wire.messages import PastReadings, ReadingTaken
from tui_dl.wire.snapshots import (
    ConfusionView,
    Histogram,
    HistogramsRead,
    LayerReading,
    LayersRead,
    OptimizerRead,
    Reading,
)

CHUNK = 10_000


def histograms(*layers: str, bins: int = 40) -> HistogramsRead:
    return HistogramsRead(
        tuple(Histogram(layer, "weights", -1.0, 1.0, (300,) * bins, 300 * bins, 0, 0) for layer in layers)
    )


def layers(missing: str = "", count: int = 1) -> LayersRead:
    return LayersRead(tuple(LayerReading(f"layers.{place}", 1.0) for place in range(count)), 0.5, missing)


def optimizer(missing: str = "") -> OptimizerRead:
    return OptimizerRead("Adam", 0.1, "exp_avg", "exp_avg_sq", (), missing=missing)


def add(kept: KeptReadings, step: int, *readings: Reading, segment: int = 0) -> None:
    for reading in readings:
        message = ReadingTaken(segment, step, reading)
        kept.add(message, frame(message))


def pieces(kept: KeptReadings, chunk_bytes: int = CHUNK) -> list[PastReadings]:
    """What a client would be sent."""
    found = []
    for sent in kept.frames(chunk_bytes):
        for body in FrameSplitter().feed(sent):
            message = decode_message(body)
            assert isinstance(message, PastReadings)
            found.append(message)
    return found


def told(kept: KeptReadings, kind: type[Reading] | None = None) -> list[tuple[int, int]]:
    """(segment, step) of what a client would be sent."""
    return [
        (one.segment, one.step)
        for piece in pieces(kept)
        for one in piece.readings
        if kind is None or isinstance(one.reading, kind)
    ]


def test_what_was_seen_is_sent_as_it_was_in_the_order_of_the_run_and_in_pieces() -> None:
    kept = KeptReadings()
    for step in range(1, 101):
        add(kept, step, layers(), histograms("layers.0", "layers.1"), optimizer())
    sent = pieces(kept)
    assert len(sent) > 5
    assert [one.is_first for one in sent] == [True] + [False] * (len(sent) - 1)
    assert told(kept, HistogramsRead) == told(kept, LayersRead) == [(0, step) for step in range(1, 101)]
    assert told(kept) == sorted(told(kept))
    assert sent[0].readings[1].reading == histograms("layers.0", "layers.1")


def test_nothing_seen_is_nothing_sent() -> None:
    kept = KeptReadings()
    assert pieces(kept) == []
    add(
        kept, 5, ConfusionView((), ()), layers(missing="updates come with the next batch"), HistogramsRead(())
    )
    assert (pieces(kept), kept.bytes_held) == ([], 0)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.sampled_from(["layers", "wide", "one", "other", "optimizer"])),
        min_size=1,
        max_size=250,
    ),
    st.integers(10_000, 60_000),
)
def test_of_any_readings_there_is_room_for_first_and_newest_within_the_bound(
    coming: list[tuple[int, str]], most_bytes: int
) -> None:
    readings: dict[str, Reading] = {
        "layers": layers(count=4),
        "wide": histograms("a", "b", "c"),
        "one": histograms("a"),
        "other": histograms("b"),
        "optimizer": optimizer(),
    }
    kept, step, taken = KeptReadings(most_bytes), 0, []
    for gap, kind in coming:
        step += gap
        taken.append(step)
        add(kept, step, readings[kind])
        assert kept.bytes_held <= most_bytes
    seen = [one for _, one in told(kept)]
    assert (seen[0], seen[-1]) == (taken[0], step)
    assert seen == sorted(seen)
    assert set(seen) <= set(taken)


def test_memory_is_as_flat_after_very_many_readings_as_after_some() -> None:
    kept = KeptReadings(200_000)
    message = ReadingTaken(0, 1, histograms("layers.0", "layers.1"))
    body = frame(message)
    held, counts = set(), set()
    for step in range(1, 30_001):
        kept.add(ReadingTaken(0, step * 333, message.reading), body)
        if step in (1_000, 10_000, 30_000):
            held.add(kept.bytes_held <= 200_000)
            counts.add(len(told(kept)) >= MOST_HISTOGRAMS // 4)
    assert held == counts == {True}


def test_the_heavy_kind_gives_way_to_the_light_one() -> None:
    kept = KeptReadings(250_000)
    for step in range(1, 201):
        add(kept, step, layers(), histograms(*(f"layers.{place}" for place in range(20))))
    assert len(told(kept, LayersRead)) == 200
    assert 5 <= len(told(kept, HistogramsRead)) <= 40
    assert told(kept, HistogramsRead)[0] == (0, 1)
    assert told(kept, HistogramsRead)[-1] == (0, 200)


def test_a_reading_larger_than_all_room_is_not_kept() -> None:
    kept = KeptReadings(5_000)
    add(kept, 1, layers())
    add(kept, 2, histograms("a", bins=4_000))
    assert told(kept) == [(0, 1)]
    assert 0 < kept.bytes_held <= 5_000


def test_very_many_layers_looked_at_one_by_one_stay_within_the_bound() -> None:
    kept = KeptReadings(100_000)
    for place in range(2_000):
        add(kept, place + 1, histograms(f"layers.{place}"))
    assert kept.bytes_held <= 100_000
    assert len(told(kept)) * ENTRY_BYTES <= 100_000
    assert told(kept)[-1] == (0, 2_000)
    assert MOST_BYTES == 8 * 2**20


def test_readings_of_one_layer_do_not_make_room_for_those_of_another() -> None:
    kept = KeptReadings()
    for step in range(1, 3_001):
        add(kept, step, histograms("a"))
    add(kept, 3_001, histograms("b"))
    add(kept, 3_002, histograms("a"))
    of_b = [
        one.step
        for piece in pieces(kept)
        for one in piece.readings
        if isinstance(one.reading, HistogramsRead) and one.reading.histograms[0].layer == "b"
    ]
    assert of_b == [3_001]


def test_what_an_undo_took_back_is_not_sent() -> None:
    kept = KeptReadings()
    for step in (10, 20, 30, 40):
        add(kept, step, layers(), histograms("a"))
    kept.keep([Span(0, 1, 25), Span(1, 26, None)])
    add(kept, 28, layers(), segment=1)
    assert told(kept, LayersRead) == [(0, 10), (0, 20), (1, 28)]
    assert told(kept, HistogramsRead) == [(0, 10), (0, 20)]
    kept.keep([Span(2, 1, None)])
    assert (told(kept), kept.bytes_held) == ([], 0)


@pytest.mark.parametrize("names", [("a",), ("a", "c"), ()])
def test_other_layers_begin_anew_also_for_a_client_that_is_being_sent_the_old_ones(
    names: tuple[str, ...],
) -> None:
    kept = KeptReadings()
    kept.describe(("a", "b"))
    for step in range(1, 50):
        add(kept, step, histograms("a", "b"))
    kept.describe(("a", "b"))
    assert len(told(kept)) == 49
    sending = kept.frames(1)
    assert next(sending, None) is not None
    kept.describe(names)
    assert next(sending, None) is None
    assert (pieces(kept), kept.bytes_held) == ([], 0)
