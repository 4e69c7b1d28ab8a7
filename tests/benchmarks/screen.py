"""What one notices before the screen: first paint, answers to keys, bytes, processor time."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from tests.benchmarks.experiment import PROJECT, Workplace, program
from tests.benchmarks.figures import Row, Target, median, percentile, show, spread
from tests.benchmarks.live_screen import LiveScreen
from tests.benchmarks.processes import ProcessorShare, processor_s
from tests.pty_terminal import Predicate, PtyTerminal

PRESET: Final = "digits-mlp"
TITLE: Final = "Handwritten digits"
SLOW_LINK_BYTES_PER_S: Final = 60_000
_SETTLE_S: Final = 3.0
_EARLY_S: Final = 4.0
_ANSWERED_S: Final = 0.3
_IMPORTS: Final = "import tui_dl.cli.running, tui_dl.cli.openings, tui_dl.ui.app, tui_dl.ui.screens.run"
_SOME_BRAILLE: Final = 40

Key = tuple[str, str, Predicate]


def measure(workplace: Workplace, rounds: int, presses: int, window_s: float) -> bool:
    """Print the table of the screen. Returns whether all targets are reached."""
    rows = _first_paint(workplace, rounds)
    rows += _large_screen(workplace, presses, window_s)
    rows += _small_screen(workplace, window_s)
    rows += _slow_link(workplace, max(presses // 2, 8))
    return show("Screen: training flat out, 256 colours, overhead budget 5 %", rows)


# -- first paint -----------------------------------------------------------------------------------------


def _first_paint(workplace: Workplace, rounds: int) -> list[Row]:
    """From nothing to a screen that names the preset, and on to one that has answered a key."""
    bare, imports, painted, worked, answered = [list[float]() for _ in range(5)]
    for number in range(rounds):
        bare.append(_python_s("pass"))
        imports.append(_python_s(_IMPORTS))
        title_s, processor, key_s = _paint_once(workplace)
        painted.append(title_s)
        worked.append(processor)
        answered.append(key_s)
        _tell(f"first paint {number + 1}: {title_s * 1000:.0f} ms, first key {key_s * 1000:.0f} ms")
    return [
        Row(
            "first useful paint, 160x48",
            median(painted) * 1000,
            "ms",
            _range_ms(painted),
            Target(500, unit="ms"),
        ),
        Row("… of which the UI process was running", median(worked) * 1000, "ms", _range_ms(worked)),
        Row("… and a key pressed then is answered", median(answered) * 1000, "ms", _range_ms(answered)),
        Row("Python starting and nothing else", median(bare) * 1000, "ms", _range_ms(bare)),
        Row("all imports of the run screen", (median(imports) - median(bare)) * 1000, "ms", "by themselves"),
    ]


def _python_s(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
    return time.perf_counter() - started


def _paint_once(workplace: Workplace) -> tuple[float, float, float]:
    """Seconds to the title, of them on a processor, and to a key's answer."""
    command = program("run", PRESET)
    with PtyTerminal(command, columns=160, rows=48, environment=workplace.environment()) as terminal:
        try:
            title_s = terminal.wait_for(TITLE) - terminal.started_at
            processor = processor_s(terminal.pid)
            terminal.press("?")
            key_s = terminal.wait_for(_help_is_open) - terminal.started_at
        finally:
            terminal.kill()
            workplace.kill_engines()
    return title_s, processor, key_s


# -- while training flat out -----------------------------------------------------------------------------


def _large_screen(workplace: Workplace, presses: int, window_s: float) -> list[Row]:
    screen = LiveScreen(workplace, workplace.experiment())
    try:
        early_share = _early_share(screen)
        latencies = _latencies(screen, presses)
        pausing = _pausing(screen)
        traffic = _traffic(screen, window_s)
        idle_kib = _idle_kib_per_s(screen, window_s / 2)
    finally:
        screen.close()
    every = [latency for own in latencies.values() for latency in own]
    by_key = ", ".join(f"{name} {median(own) * 1000:.0f}" for name, own in latencies.items())
    bytes_kib, frames, ui_share, engine_share = traffic
    return [
        Row("key to paint, 160x48, median", median(every) * 1000, "ms", f"{len(every)} presses; {by_key}"),
        Row("key to paint, 160x48, p95", percentile(every, 0.95) * 1000, "ms",
            f"at most {max(every) * 1000:.0f}", Target(33, unit="ms")),
        Row("pause shown, engine's answer included", median(pausing) * 1000, "ms", _range_ms(pausing)),
        Row("to the terminal, 160x48", bytes_kib, "KiB/s", f"{frames:.1f} frames/s",
            Target(60, unit="KiB/s")),
        Row("… paused", idle_kib, "KiB/s", "", Target(0.05, unit="KiB/s")),
        Row("UI process, 160x48, in the first seconds", early_share * 100, "% of a core",
            "plots at 10 Hz", Target(15, unit="%")),
        Row("… later, plots drawn by columns", ui_share * 100, "% of a core", "", Target(15, unit="%")),
        Row("engine process", engine_share * 100, "% of a core", "trains flat out"),
    ]  # fmt: skip


def _small_screen(workplace: Workplace, window_s: float) -> list[Row]:
    screen = LiveScreen(workplace, workplace.experiment(), columns=80, rows=24)
    try:
        bytes_kib, frames, ui_share, _ = _traffic(screen, window_s)
    finally:
        screen.close()
    return [
        Row("to the terminal, 80x24", bytes_kib, "KiB/s", f"{frames:.1f} frames/s", Target(10, unit="KiB/s")),
        Row("UI process, 80x24", ui_share * 100, "% of a core"),
    ]


def _slow_link(workplace: Workplace, presses: int) -> list[Row]:
    """A line of 60 KB/s: what is on its way delays what a key asks for."""
    screen = LiveScreen(workplace, workplace.experiment(), link_bytes_per_s=SLOW_LINK_BYTES_PER_S)
    try:
        latencies = _latencies(screen, presses)
    finally:
        screen.close()
    every = [latency for own in latencies.values() for latency in own]
    by_key = ", ".join(f"{name} {median(own) * 1000:.0f}" for name, own in latencies.items())
    return [
        Row("key to paint, 160x48 at 60 KB/s, median", median(every) * 1000, "ms",
            f"{len(every)} presses; {by_key}"),
        Row("key to paint, 160x48 at 60 KB/s, p95", percentile(every, 0.95) * 1000, "ms",
            f"at most {max(every) * 1000:.0f}", Target(200, unit="ms")),
    ]  # fmt: skip


def _latencies(screen: LiveScreen, presses: int) -> dict[str, list[float]]:
    """Views and the help, opened and left at times that have nothing to do with the frames'."""
    screen.terminal.decodes = True
    screen.run()
    time.sleep(_SETTLE_S)
    screen.terminal.text  # noqa: B018 - what came so far is decoded
    screen.terminal.decodes_late = True
    chance = random.Random(0)
    latencies: dict[str, list[float]] = {name: [] for name, _, _ in _KEYS}
    for number in range(presses):
        name, key, is_shown = _KEYS[number % len(_KEYS)]
        time.sleep(chance.uniform(0.15, 0.35))
        pressed_at = screen.terminal.press(key)
        time.sleep(_ANSWERED_S)
        latencies[name].append(screen.terminal.wait_for(is_shown) - pressed_at)
    screen.terminal.decodes_late = False
    return latencies


def _early_share(screen: LiveScreen) -> float:
    """Share of a core while each frame has a new column of every plot to draw."""
    screen.terminal.decodes = False
    screen.run()
    time.sleep(_SETTLE_S)
    share = ProcessorShare.of(screen.ui_pid)
    time.sleep(_EARLY_S)
    found = share.now()
    screen.pause()
    return found


def _pausing(screen: LiveScreen) -> list[float]:
    taken = []
    for _ in range(7):
        screen.run()
        screen.terminal.wait_for("RUNNING")
        time.sleep(0.3)
        pressed_at = screen.terminal.press(" ")
        taken.append(screen.terminal.wait_for("PAUSED") - pressed_at)
    return taken


def _traffic(screen: LiveScreen, window_s: float) -> tuple[float, float, float, float]:
    """KiB/s and frames/s to the terminal, and the two processes' shares of a core."""
    terminal = screen.terminal
    terminal.decodes = False
    screen.run()
    time.sleep(_SETTLE_S)
    before, frames_before = terminal.bytes_received, terminal.frames_received
    ui, engine = ProcessorShare.of(screen.ui_pid), ProcessorShare.of(screen.engine_pid)
    started = time.perf_counter()
    time.sleep(window_s)
    elapsed_s = time.perf_counter() - started
    kib = (terminal.bytes_received - before) / 1024
    frames = terminal.frames_received - frames_before
    return kib / elapsed_s, frames / elapsed_s, ui.now(), engine.now()


def _idle_kib_per_s(screen: LiveScreen, window_s: float) -> float:
    screen.pause()
    time.sleep(_SETTLE_S)
    before = screen.terminal.bytes_received
    time.sleep(window_s)
    return (screen.terminal.bytes_received - before) / 1024 / window_s


# -- what a key has done ---------------------------------------------------------------------------------


def _is_chosen(tab: str) -> Predicate:
    """Whether a view's tab stands out from one that is never chosen here, and what it shows is there."""

    def check(terminal: PtyTerminal) -> bool:
        style = terminal.style_of(tab)
        return style is not None and style != terminal.style_of("6 log")

    return check


def _both(first: Predicate, second: Callable[[PtyTerminal], bool]) -> Predicate:
    return lambda terminal: first(terminal) and second(terminal)


def _shows_curves(terminal: PtyTerminal) -> bool:
    return sum("\u2800" < character <= "\u28ff" for character in terminal.text) >= _SOME_BRAILLE


def _shows_optimizer(terminal: PtyTerminal) -> bool:
    text = terminal.text
    return "effective step" in text or "is measured while" in text


def _logarithmic_plots(terminal: PtyTerminal) -> int:
    """The gradient's is one from the start."""
    return terminal.text.count(" log ─╮")


def _help_is_open(terminal: PtyTerminal) -> bool:
    return "Esc closes" in terminal.text


_KEYS: Final[tuple[Key, ...]] = (
    ("optimizer view", "4", _both(_is_chosen("4 optim"), _shows_optimizer)),
    ("overview", "1", _both(_is_chosen("1 over"), _shows_curves)),
    ("log scale", "y", lambda terminal: _logarithmic_plots(terminal) == 2),
    ("symlog scale", "y", lambda terminal: " symlog ─╮" in terminal.text),
    ("linear scale", "y", lambda terminal: " symlog ─╮" not in terminal.text),
    ("help", "?", _help_is_open),
    ("help away", "?", lambda terminal: not _help_is_open(terminal)),
)


def _range_ms(seconds: list[float]) -> str:
    return spread([value * 1000 for value in seconds])


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
