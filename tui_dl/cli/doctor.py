"""`tui-dl doctor`: colours, glyphs and widths of this terminal, torch, CUDA, threads: what will work here."""

import argparse
import locale
import os
import platform
import shutil
import subprocess
import sys
from typing import Any

import msgspec

from tui_dl import __version__
from tui_dl.cli.terminal_probe import ask_terminal

_TORCH_PATIENCE_S = 120


def doctor(_: argparse.Namespace) -> int:
    """Print a table of findings; exit 1 only if torch can't be used, without which nothing trains."""
    print(f"tui-dl {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}")
    _section("Terminal", _terminal_facts())
    torch_facts, usable = _torch_facts()
    _section("Training", torch_facts)
    return 0 if usable else 1


def _section(title: str, facts: list[tuple[str, str]]) -> None:
    print(f"\n{title}")
    for name, finding in facts:
        print(f"  {name:<22}{finding}")


def _terminal_facts() -> list[tuple[str, str]]:
    size = shutil.get_terminal_size()
    facts = [
        ("TERM", os.environ.get("TERM", "not set")),
        ("size", f"{size.columns}x{size.lines}" + _size_advice(size.columns, size.lines)),
        ("colours", _colours()),
        ("encoding", _encoding()),
        ("theme", _theme()),
    ]
    if "TMUX" in os.environ:
        facts.append(("tmux", "yes: frames are paced by its cursor reports"))
    if "SSH_CONNECTION" in os.environ:
        facts.append(("SSH", "yes: few links carry COLORTERM, 256 colours are assumed without it"))
    answers = ask_terminal()
    if answers is None:
        return [*facts, ("answers", "standard input or output is not a terminal; use --headless here")]
    if answers.ambiguous_width is None:
        return [*facts, ("answers", "it does not report its cursor: frames come at a fixed slow rate")]
    return [
        *facts,
        ("round trip", f"{answers.round_trip_ms:.1f} ms"),
        ("lines and blocks", _width_advice(answers.ambiguous_width)),
        ("braille", "one cell wide" if answers.braille_width == 1 else f"{answers.braille_width} cells wide"),
        (
            "synchronised frames",
            "yes" if answers.synchronised_output else "no: frames are paced by cursor reports",
        ),
    ]


def _size_advice(columns: int, lines: int) -> str:
    return "" if columns >= 80 and lines >= 24 else ": small; 80x24 shows everything"


def _colours() -> str:
    from tui_dl.ui.look import is_colourless

    if os.environ.get("NO_COLOR"):
        return "none, as NO_COLOR asks"
    if is_colourless():
        return f"none: a {os.environ.get('TERM')} has none"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million (COLORTERM)"
    term = os.environ.get("TERM", "")
    if "256color" in term:
        return "256; set COLORTERM=truecolor if the terminal can do more"
    if not term:
        return "none: TERM is not set"
    return "none: TERM is dumb" if term == "dumb" else "16"


def _theme() -> str:
    """What the screen would begin with; the ground of a terminal that answers may still choose light."""
    from tui_dl.ui.look import Look, theme_for
    from tui_dl.ui.settings import SettingsStore

    look, preferred = Look.of_environment(), SettingsStore.of_user().settings.theme
    name = theme_for(look, preferred, "16" if _colours() == "16" else "truecolor")
    chosen = "TUI_DL_THEME" if look.theme else "" if preferred == "auto" else "the settings"
    return f"{name}, as {chosen} says" if chosen else f"{name}, or as the terminal tells of its background"


def _encoding() -> str:
    encoding = locale.getpreferredencoding(False)
    is_unicode = encoding.lower().replace("-", "") == "utf8"
    return encoding if is_unicode else f"{encoding}: not UTF-8, plots fall back to ASCII; try LANG=C.UTF-8"


def _width_advice(cells: int) -> str:
    if cells == 1:
        return "one cell wide"
    return f"{cells} cells wide (ambiguous-width setting): borders fall back to ASCII"


def _torch_facts() -> tuple[list[tuple[str, str]], bool]:
    """Asked in a process of its own: a torch that crashes on import must not take this down."""
    try:
        process = subprocess.run(
            [sys.executable, "-m", "tui_dl.engine.training.capabilities"],
            capture_output=True,
            timeout=_TORCH_PATIENCE_S,
            check=False,
        )
        answer: dict[str, Any] = msgspec.json.decode(process.stdout)
    except subprocess.TimeoutExpired:
        return [("torch", f"did not load within {_TORCH_PATIENCE_S} s")], False
    except msgspec.DecodeError:
        return [("torch", f"crashed: {process.stderr.decode(errors='replace').strip()[-200:]}")], False
    if "error" in answer:
        return [("torch", answer["error"])], False
    facts = [
        ("torch", str(answer["torch"])),
        (
            "processors",
            f"{answer['cpus']}; torch would use {answer['threads']}, small batches get one",
        ),
    ]
    devices = answer["cuda_devices"]
    if not devices:
        built = "torch was built without it" if answer["cuda"] is None else "no device found"
        return [*facts, ("CUDA", f"no: {built}; --device cpu is the default then")], True
    facts += [
        (f"cuda:{index}", f"{device['name']}, {device['memory_bytes'] / 2**30:.0f} GiB")
        for index, device in enumerate(devices)
    ]
    return facts, True
