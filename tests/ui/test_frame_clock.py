"""The frame clock under a time of its own: pace, one frame in flight, silence when idle."""

import pytest

from tests.ui.clock_world import CURSOR, SYNC, Picture, World, confirmed, make, run


def test_requests_are_coalesced_to_ten_frames_a_second_on_a_fast_terminal() -> None:
    world = World()
    clock, picture = confirmed(world)
    run(world, clock, 2.0, answer_after_s=0.005)
    assert 17 <= len(picture.at) <= 21
    gaps = [after - before for before, after in zip(picture.at, picture.at[1:], strict=False)]
    assert min(gaps) >= 0.099


@pytest.mark.parametrize(("answer_after_s", "hz"), [(0.15, 4), (0.4, 2)])
def test_a_slow_link_gets_fewer_frames(answer_after_s: float, hz: int) -> None:
    world = World()
    clock, picture = confirmed(world)
    run(world, clock, 10.0, answer_after_s=answer_after_s)
    assert (hz - 1) * 10 <= len(picture.at) <= hz * 10 + 3
    assert clock.latency_s == pytest.approx(answer_after_s, abs=0.03)


def test_a_frame_in_flight_holds_the_next_until_the_answer() -> None:
    world = World()
    clock, picture = confirmed(world)
    clock.request()
    world.pass_time(0.2)
    clock.displayed()
    assert world.sent == [SYNC.value]
    clock.request()
    world.pass_time(3.0)
    assert len(picture.at) == 1
    clock.answered(SYNC)
    world.pass_time(0.2)
    assert len(picture.at) == 2


def test_nothing_is_sent_and_no_timer_runs_when_idle() -> None:
    world = World()
    clock, picture = confirmed(world)
    world.pass_time(10)
    assert (world.sent, world.timers, picture.at) == ([], 0, [])
    clock.request()
    world.pass_time(0.2)
    clock.displayed()
    clock.answered(SYNC)
    sent = len(world.sent)
    world.pass_time(60)
    assert (len(world.sent), world.timers, len(picture.at)) == (sent, 0, 1)


def test_a_painter_that_changed_nothing_costs_no_question() -> None:
    world = World()
    clock, picture = confirmed(world)
    picture.rows = 0
    clock.request()
    world.pass_time(0.5)
    clock.displayed()
    assert (len(picture.at), world.sent, world.timers) == (1, [], 0)


def test_what_is_hidden_is_painted_when_it_is_seen_again() -> None:
    world = World()
    clock, picture = confirmed(world)
    picture.visible = False
    clock.request("plot")
    world.pass_time(5)
    assert (picture.at, world.timers) == ([], 0)
    picture.visible = True
    clock.wake()
    world.pass_time(0.2)
    assert len(picture.at) == 1


def test_a_slow_painter_keeps_its_own_interval() -> None:
    world = World()
    clock, picture = confirmed(world)
    heat = Picture(clock)
    clock.register("heat", heat.paint, interval_s=1.0)
    run(world, clock, 5.0, answer_after_s=0.001)
    assert 5 <= len(heat.at) <= 6
    assert len(picture.at) > 35


def test_a_painter_may_say_at_any_moment_how_long_it_can_wait() -> None:
    world = World()
    clock, _ = confirmed(world)
    curve, waits = Picture(clock), [0.0]
    clock.register("curve", curve.paint, interval_s=lambda: waits[0])
    run(world, clock, 2.0, answer_after_s=0.001)
    often = len(curve.at)
    clock.answered(SYNC)
    waits[0] = 0.5
    run(world, clock, 2.0, answer_after_s=0.001)
    assert often >= 18
    assert 3 <= len(curve.at) - often <= 5


def test_painters_of_one_interval_share_their_frames() -> None:
    world = World()
    clock = confirmed(world)[0]
    clock.unregister("plot")
    pictures = [Picture(clock) for _ in range(3)]
    for number, picture in enumerate(pictures):
        # Each was painted at another time first.
        clock.register(str(number), picture.paint, interval_s=0.25)
        clock.request(str(number))
        world.pass_time(0.11)
        clock.displayed()
        clock.answered(SYNC)
    before = clock.frames
    run(world, clock, 4.0, answer_after_s=0.001)
    assert all(16 <= len(picture.at) <= 18 for picture in pictures)
    assert clock.frames - before <= 18


@pytest.mark.parametrize(("answer_after_s", "frames"), [(0.001, (16, 21)), (0.15, (5, 6))])
def test_a_picture_that_is_much_to_send_comes_less_often_on_a_slow_link(
    answer_after_s: float, frames: tuple[int, int]
) -> None:
    world = World()
    clock, _ = confirmed(world)
    heat = Picture(clock)
    clock.register("heat", heat.paint, interval_s=0.25, slow_interval_s=1.0)
    run(world, clock, 8.0, answer_after_s=answer_after_s)
    low, high = frames
    # How fast the link is has to be found out first.
    assert low <= sum(at > 3.0 for at in heat.at) <= high


def test_hand_made_steps_do_not_pile_up_on_a_stuck_link() -> None:
    world = World()
    clock, picture = confirmed(world)
    for _ in range(50):
        clock.request()
        clock.paint_now()
        clock.displayed()
        world.pass_time(0.02)
    assert len(picture.at) == 2
    clock.answered(SYNC)
    clock.answered(SYNC)
    world.pass_time(0.001)
    assert len(picture.at) == 3


def test_a_full_writer_queue_holds_every_frame() -> None:
    world = World()
    clock, picture = confirmed(world)
    world.backlog = 25
    clock.request()
    clock.paint_now()
    world.pass_time(3)
    assert picture.at == []
    world.backlog = 0
    world.pass_time(0.6)
    assert len(picture.at) == 1


def test_where_only_the_cursor_question_is_answered_it_is_used() -> None:
    world = World()
    clock = make(world)
    picture = Picture(clock)
    clock.register("plot", picture.paint)
    clock.start()
    world.pass_time(1.5)
    assert world.sent == [SYNC.value, CURSOR.value]
    clock.answered(CURSOR)
    clock.request()
    world.pass_time(0.2)
    clock.displayed()
    assert clock.answer is CURSOR
    assert world.sent[-1] == CURSOR.value


def test_inside_tmux_the_first_question_is_the_cursor() -> None:
    world = World()
    clock = make(world, first_question=CURSOR)
    clock.start()
    world.pass_time(5)
    assert world.sent == [CURSOR.value]


def test_where_nothing_is_answered_two_frames_a_second_flow() -> None:
    world = World()
    clock = make(world)
    picture = Picture(clock)
    clock.register("plot", picture.paint)
    clock.start()
    for _ in range(1000):
        clock.request()
        world.pass_time(0.01)
        clock.displayed()
    assert 19 <= len(picture.at) <= 21
    assert world.sent == [SYNC.value, CURSOR.value]


def test_answers_that_stop_coming_slow_it_down_but_never_stop_it() -> None:
    world = World()
    clock, picture = confirmed(world)
    for _ in range(6000):
        clock.request()
        world.pass_time(0.01)
        clock.displayed()
    assert clock.answer is None
    assert len(picture.at) > 60
    clock.answered(SYNC)
    assert clock.answer is SYNC


def test_a_frame_that_is_never_displayed_does_not_stop_the_clock() -> None:
    world = World()
    clock, picture = confirmed(world)
    for _ in range(50):
        clock.request()
        world.pass_time(0.1)
    assert 4 <= len(picture.at) <= 6


def test_stray_answers_do_no_harm() -> None:
    world = World()
    clock, picture = confirmed(world)
    for _ in range(5):
        clock.answered(CURSOR)
        clock.answered(SYNC)
    assert clock.latency_s == 0
    clock.request()
    world.pass_time(0.2)
    assert len(picture.at) == 1


def test_stopped_around_a_suspension_and_on_again_after_it() -> None:
    world = World()
    clock, picture = confirmed(world)
    with clock.stopped():
        clock.request()
        clock.paint_now()
        clock.displayed()
        clock.answered(SYNC)
        world.pass_time(10)
        assert (picture.at, world.sent, world.timers) == ([], [], 0)
    world.pass_time(0.2)
    assert len(picture.at) == 1


def test_without_a_terminal_frames_are_not_held() -> None:
    world = World()
    clock = make(world, holds_frames=False)
    picture = Picture(clock)
    clock.register("plot", picture.paint)
    clock.start()
    for _ in range(100):
        clock.request()
        world.pass_time(0.01)
        clock.displayed()
    assert 9 <= len(picture.at) <= 11
    assert world.sent == []


def test_a_link_that_is_spared_gets_half_of_the_frames() -> None:
    world = World()
    clock, picture = confirmed(world)
    slow = Picture(clock)
    clock.register("heat map", slow.paint, interval_s=1.0)
    clock.stretch = 2.0
    run(world, clock, 10.0, 0.001)
    assert len(picture.at) == pytest.approx(50, abs=3)
    assert len(slow.at) == pytest.approx(5, abs=1)


def test_asking_again_before_the_frame_looks_at_nothing() -> None:
    world = World()
    clock, picture = confirmed(world)
    looked = 0

    def is_visible() -> bool:
        nonlocal looked
        looked += 1
        return True

    clock.register("plot", picture.paint, is_visible=is_visible)
    clock.request("plot")
    first = looked
    for _ in range(100):
        clock.request("plot")
    assert looked == first
    world.pass_time(0.2)
    assert len(picture.at) == 1
