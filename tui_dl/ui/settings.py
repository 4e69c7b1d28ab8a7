"""What the user likes, kept in a versioned file whose damage costs no more than what is damaged."""

import os
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal, final

import msgspec
from msgspec import Meta, Struct

from tui_dl.runs.folder import runs_home

VERSION: Final = 1
Subscriber = Callable[["Settings"], object]


class Settings(Struct, frozen=True):
    """All settings of the screen; every one has a default, and a newer program's are left alone.

    `auto` asks the terminal or the environment; an option of the command line is stronger than any of these.
    """

    version: int = VERSION
    theme: str = "auto"
    """Name of a theme, or auto: dark or light as the terminal tells of its background."""
    glyphs: Literal["auto", "braille", "quadrant", "ascii"] = "auto"
    """What plots draw with; ascii also does without special characters elsewhere. auto asks the terminal."""
    link: Literal["auto", "local", "ssh"] = "auto"
    """ssh halves what is sent; auto is ssh where SSH_CONNECTION is set."""
    mouse: bool = True
    """Take clicks and the wheel; without it the terminal selects and copies text by itself."""
    language: str = "auto"
    """Of notes and titles, where a preset has it: a code such as ko, or auto: that of the locale."""
    smoothing_steps: Annotated[float, Meta(ge=0, le=1e6)] = 10.0
    """Time constant of the average over a noisy curve, in steps; 0 for none."""
    x_axis: Literal["step", "epoch", "samples", "seconds"] = "step"
    """What curves are drawn over."""
    bell: bool = False
    """Ring when a run finishes, fails or pauses on a value that is not finite."""
    notify: bool = False
    """The same as a notification of the desktop, where the terminal passes it on (OSC 9)."""
    meters: bool = False
    """Show what the machine is doing: processor, memory, GPU."""
    keys: dict[str, str] = {}
    """Other keys for actions: an action's id to keys, separated by commas, by Textual's names."""


@final
class SettingsStore:
    """Settings and their file. What can't be read is in `notice`; what can't be written still holds here.

    Args:
        path: the file; None keeps settings for as long as the program runs.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.settings = Settings()
        self.notice = ""
        self._subscribers: list[Subscriber] = []
        if path is not None:
            self._load(path)

    @classmethod
    def of_user(cls) -> "SettingsStore":
        """Those in `$TUI_DL_HOME/settings.toml`."""
        return cls(runs_home().parent / "settings.toml")

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Have something called after each change; returns what ends that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def change(self, **fields: Any) -> str:
        """Change fields and write the file. Returns what went wrong, empty if nothing did.

        Raises msgspec.ValidationError for a value that a field can't have; nothing is changed then.
        """
        changed = msgspec.convert(msgspec.to_builtins(self.settings) | fields, Settings)
        if changed == self.settings:
            return ""
        self.settings = changed
        for subscriber in tuple(self._subscribers):
            subscriber(changed)
        return self._write()

    def _load(self, path: Path) -> None:
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except OSError as error:
            self.notice = f"{path}: settings can't be read: {error.strerror or error}; defaults are used"
            return
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            aside = _set_aside(path)
            kept = f"; the file is kept as {aside.name}" if aside is not None else ""
            self.notice = f"{path}: settings are damaged ({error}); defaults are used{kept}"
            return
        version = raw.get("version", VERSION)
        if isinstance(version, int) and version > VERSION:
            self.notice = (
                f"{path}: settings of version {version}, this program knows {VERSION}: what it knows is used"
            )
        self.settings, wrong = _salvaged(raw)
        if wrong:
            self.notice = f"{path}: {'; '.join(wrong)}: defaults are used there"

    def _write(self) -> str:
        if self.path is None:
            return ""
        import tomli_w

        draft = self.path.with_suffix(f".{os.getpid()}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(tomli_w.dumps(_differing(self.settings)), encoding="utf-8")
            draft.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            return f"{self.path}: settings can't be written: {error.strerror or error}"
        return ""


def _salvaged(raw: dict[str, Any]) -> tuple[Settings, list[str]]:
    """The settings with every field that is sound, and what is wrong with the others."""
    sound: dict[str, Any] = {}
    wrong = []
    for name in Settings.__struct_fields__:
        if name not in raw or name == "version":
            continue
        try:
            msgspec.convert({name: raw[name]}, Settings)
            sound[name] = raw[name]
        except msgspec.ValidationError as error:
            wrong.append(f"{name} = {raw[name]!r}: {error}")
    return msgspec.convert(sound, Settings), wrong


def _differing(settings: Settings) -> dict[str, Any]:
    """Only what is not the default: a default that a later version mends reaches those who never chose."""
    plain, defaults = msgspec.to_builtins(settings), msgspec.to_builtins(Settings())
    return {name: value for name, value in plain.items() if name == "version" or value != defaults[name]}


def _set_aside(path: Path) -> Path | None:
    aside = path.with_suffix(".damaged.toml")
    try:
        return path.replace(aside)
    except OSError:
        return None
