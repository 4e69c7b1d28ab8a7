"""What the frame clock does while somebody waits for the answer to a key."""

import pytest

from tests.ui.clock_world import SYNC, Picture, World, confirmed, make


def test_a_hand_made_step_paints_at_once_even_behind_a_frame_in_flight() -> None:
    world = World()
    clock, picture = confirmed(world)
    clock.request()
    world.pass_time(0.2)
    clock.displayed()
    clock.request()
    clock.paint_now()
    assert len(picture.at) == 2


def test_a_frame_of_data_waits_for_the_answer_to_a_key() -> None:
    world = World()
    clock, picture = confirmed(world)
    world.pass_time(1.0)
    clock.give_way()
    clock.request("plot")
    world.pass_time(0.04)
    assert picture.at == []
    world.pass_time(0.02)
    assert picture.at == [pytest.approx(1.05)]


def test_the_answer_itself_does_not_wait() -> None:
    world = World()
    clock, picture = confirmed(world)
    world.pass_time(1.0)
    clock.give_way()
    clock.request("plot")
    clock.paint_now()
    assert picture.at == [1.0]


def test_a_frame_is_broken_off_for_somebody_who_waits() -> None:
    world = World()
    waits = [False]
    clock = make(world, is_waited_for=lambda: waits[0])
    clock.start()
    clock.answered(SYNC)
    first, second = Picture(clock), Picture(clock)
    clock.register("first", lambda: (waits.__setitem__(0, True), first.paint())[1])
    clock.register("second", second.paint)
    clock.request()
    world.pass_time(0.2)
    assert (len(first.at), len(second.at)) == (1, 0)
    # What is left of it comes with the next frame.
    waits[0] = False
    clock.displayed()
    clock.answered(SYNC)
    world.pass_time(0.2)
    assert (len(first.at), len(second.at)) == (1, 1)


def test_a_frame_that_answers_somebody_is_not_broken_off() -> None:
    world = World()
    clock = make(world, is_waited_for=lambda: True)
    clock.start()
    clock.answered(SYNC)
    first, second = Picture(clock), Picture(clock)
    clock.register("first", first.paint)
    clock.register("second", second.paint)
    clock.request()
    clock.paint_now()
    assert (len(first.at), len(second.at)) == (1, 1)


def test_frames_go_on_even_if_somebody_seems_to_wait_for_ever() -> None:
    world = World()
    clock = make(world, is_waited_for=lambda: True)
    clock.start()
    clock.answered(SYNC)
    pictures = [Picture(clock) for _ in range(3)]
    for number, picture in enumerate(pictures):
        clock.register(str(number), picture.paint)
    clock.request()
    for _ in range(3):
        world.pass_time(0.2)
        clock.displayed()
        clock.answered(SYNC)
    assert [len(picture.at) for picture in pictures] == [1, 1, 1]


def test_keys_that_are_held_down_do_not_stop_the_frames() -> None:
    world = World()
    clock, picture = confirmed(world)
    while world.time < 3.0:
        clock.give_way()
        clock.request("plot")
        world.pass_time(0.03)
        clock.displayed()
        clock.answered(SYNC)
    assert len(picture.at) >= 20
