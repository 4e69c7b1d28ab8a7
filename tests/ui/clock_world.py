"""A frame clock under a time of its own, with timers and a terminal by hand."""

from collections.abc import Callable

from tui_dl.ui.frame_clock import Answer, FrameClock

SYNC, CURSOR = Answer.SYNCHRONIZED_OUTPUT, Answer.CURSOR_POSITION


class World:
    """Time, timers and a terminal, all by hand."""

    def __init__(self) -> None:
        self.time = 0.0
        self.sent: list[str] = []
        self.backlog = 0
        self._timers: dict[int, tuple[float, Callable[[], None]]] = {}
        self._serial = 0

    def now(self) -> float:
        return self.time

    def write(self, data: str) -> None:
        self.sent.append(data)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Callable[[], None]:
        self._serial += 1
        serial = self._serial
        self._timers[serial] = (self.time + delay_s, callback)
        return lambda: self._timers.pop(serial, None) and None

    @property
    def timers(self) -> int:
        return len(self._timers)

    def pass_time(self, seconds: float) -> None:
        end = self.time + seconds
        while due := [(at, serial) for serial, (at, _) in self._timers.items() if at <= end]:
            at, serial = min(due)
            _, callback = self._timers.pop(serial)
            self.time = max(self.time, at)
            callback()
        self.time = end


class Picture:
    """A painter that counts its frames and displays them at once."""

    def __init__(self, clock: FrameClock, *, rows: int | None = 1, displays: bool = True) -> None:
        self.clock, self.rows, self.displays = clock, rows, displays
        self.at: list[float] = []
        self.visible = True

    def paint(self) -> int | None:
        self.at.append(self.clock._now())
        return self.rows


def make(world: World, **options: object) -> FrameClock:
    return FrameClock(world, world, now=world.now, **options)  # type: ignore[arg-type]


def confirmed(world: World) -> tuple[FrameClock, Picture]:
    clock = make(world)
    clock.start()
    clock.answered(SYNC)
    picture = Picture(clock)
    clock.register("plot", picture.paint, is_visible=lambda: picture.visible)
    world.sent.clear()
    return clock, picture


def run(
    world: World, clock: FrameClock, seconds: float, answer_after_s: float, requests_hz: float = 100
) -> None:
    """Request frames all the time; the terminal answers each question after a while."""
    end = world.time + seconds
    questions: list[float] = []
    while world.time < end:
        clock.request()
        world.pass_time(1 / requests_hz)
        before = len(world.sent)
        clock.displayed()
        questions += [world.time + answer_after_s] * (len(world.sent) - before)
        while questions and questions[0] <= world.time:
            questions.pop(0)
            clock.answered(SYNC)
