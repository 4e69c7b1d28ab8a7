"""The documents' pictures, from the real program: `python -m tests.pictures [PRESET …]` draws them anew.

Five presets run up to their last scenes, each in an engine of its own, at four sizes and in four kinds of
colour; others are drawn when they are named.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "docs/pictures"
README_PICTURE: Final = FOLDER / "run-screen.svg"
README_PRESET: Final = "vanishing-gradient"
PICTURED: Final = ("digits-mlp", "linear-collapse", "vanishing-gradient", "outliers", "optimizer-swap")
"""One for each kind of view; pictures of all presets would weigh more than the program."""
VIEWED: Final = {"valley": "loss"}
"""A view of a preset for the README, in one picture."""
VIEWED_SIZE: Final = "120x36"
SIZES: Final = ("80x24", "120x36", "160x48", "250x70")
LOOKS: Final = {
    "dark": ("truecolor", "dark"),
    "light": ("truecolor", "light"),
    "256": ("256", "dark"),
    "no-colour": ("none", "dark"),
}
_AT_ONCE: Final = 2


def picture(preset: str, look: str, size: str) -> Path:
    """Where a picture lies."""
    return FOLDER / preset / f"{look}-{size}.svg"


def draw(preset: str, look: str, home: Path) -> None:
    """Draw a preset at all sizes. Raises CalledProcessError with what went wrong on standard error."""
    colours, theme = LOOKS[look]
    sizes = [word for size in SIZES for word in ("--size", size)]
    command = [sys.executable, "-m", "tui_dl", "screenshot", preset, *sizes, "--colours", colours]
    environment = {**os.environ, "TUI_DL_HOME": str(home), "TUI_DL_THEME": theme, "LANG": "C.UTF-8"}
    target = FOLDER / preset / f"{look}.svg"
    subprocess.run([*command, "--output", str(target)], env=environment, check=True, stdout=subprocess.PIPE)
    sys.stderr.write(f"drew {preset}, {look}\n")


def draw_view(preset: str, home: Path) -> None:
    """Draw a view of a preset at its last scene. Raises as `draw` does."""
    command = [sys.executable, "-m", "tui_dl", "screenshot", preset, "--view", VIEWED[preset]]
    environment = {**os.environ, "TUI_DL_HOME": str(home), "TUI_DL_THEME": "dark", "LANG": "C.UTF-8"}
    target = FOLDER / f"{preset}.svg"
    options = ["--size", VIEWED_SIZE, "--colours", "truecolor", "--output", str(target)]
    subprocess.run([*command, *options], env=environment, check=True, stdout=subprocess.PIPE)
    sys.stderr.write(f"drew {preset}\n")


def main() -> None:
    """Draw all pictures, or those of the presets named, with runs in a folder that is thrown away."""
    presets = sys.argv[1:] or [*PICTURED, *VIEWED]
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(_AT_ONCE) as pool:
        drawing = [
            pool.submit(draw, preset, look, Path(home))
            for preset in presets
            if preset not in VIEWED
            for look in LOOKS
        ]
        drawing += [pool.submit(draw_view, preset, Path(home)) for preset in presets if preset in VIEWED]
        for one in drawing:
            one.result()
    if README_PRESET in presets:
        shutil.copyfile(picture(README_PRESET, "dark", "160x48"), README_PICTURE)


if __name__ == "__main__":
    main()
