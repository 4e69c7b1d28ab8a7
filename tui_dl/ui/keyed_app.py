"""An app whose keys are this user's: remapped, the same under a Hangul input method, none by accident."""

from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.app import ReturnType
from textual.screen import Screen

from tui_dl.ui.hangul import latin_of
from tui_dl.ui.key_gate import KeyGate
from tui_dl.ui.keys.keymap import Keymap, keymap_for
from tui_dl.ui.settings import Settings, SettingsStore
from tui_dl.ui.terminal_link import FrameClockApp

if TYPE_CHECKING:
    from textual.binding import Binding

_PASTED: Final = "Pasted text is not taken for keys."
_NOTICE_S: Final = 12.0
_WRITTEN_INTO: Final = frozenset(("Input", "TextArea"))


class KeyedApp(FrameClockApp[ReturnType]):
    """Subclasses set `settings_store`. `gates_keys` None leaves the gate open where there is no terminal."""

    settings_store: SettingsStore

    def __init__(self) -> None:
        super().__init__()
        self.key_gate = KeyGate()
        self.gates_keys: bool | None = None
        self._keys_wanted: dict[str, str] = {}

    @property
    def keymap(self) -> Keymap:
        """The table of keys with the user's own."""
        return keymap_for(self.settings_store.settings.keys)

    async def on_event(self, event: events.Event) -> None:
        """Keys pass the gate, and what a Hangul input method makes of them is undone where nobody writes."""
        if isinstance(event, events.Paste) and not event.is_forwarded and not self._takes_paste:
            self.notify(_PASTED, markup=False)
            return
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        if not self._admits(event):
            return
        latin = latin_of(event.character or "")
        if latin == (event.character or "") or self._takes_text:
            await super().on_event(event)
            return
        for letter in latin:
            await super().on_event(events.Key(letter, letter))

    def bind_keys(self, screen: Screen[Any]) -> None:
        """Give a screen the present keys instead of the table's."""
        own = screen._merge_bindings()
        for key in [key for key, bound in own.key_to_bindings.items() if any(one.id for one in bound)]:
            del own.key_to_bindings[key]
        made: dict[str, list[Binding]] = {}
        for binding in self.keymap.bindings():
            made.setdefault(binding.key, []).append(binding)
        own.key_to_bindings.update(made)
        screen._bindings = own

    def heed_settings(self, settings: Settings) -> None:
        """Called after a change of settings: keys, and words about what is wrong with them."""
        if settings.keys == self._keys_wanted:
            return
        self._keys_wanted = settings.keys
        if self.keymap.problems:
            words = "\n".join(self.keymap.problems)
            self.notify(words, severity="warning", markup=False, timeout=_NOTICE_S)
        for screen in self.screen_stack:
            if hasattr(screen, "take_keys"):
                screen.take_keys()

    @property
    def _takes_text(self) -> bool:
        # By their names: importing them would cost the first paint 30 ms.
        kinds = {kind.__name__ for kind in type(self.focused).__mro__}
        return not kinds.isdisjoint(_WRITTEN_INTO) or getattr(self.screen, "takes_text", False)

    @property
    def _takes_paste(self) -> bool:
        return self._takes_text or getattr(self.screen, "TAKES_PASTE", False)

    def _admits(self, event: events.Key) -> bool:
        gates = not self.is_headless if self.gates_keys is None else self.gates_keys
        if not gates:
            return True
        was_paste = self.key_gate.is_paste
        admitted = self.key_gate.admits(event.key, event.time, self.screen, takes_text=self._takes_text)
        if self.key_gate.is_paste and not was_paste:
            self.notify(_PASTED, markup=False)
        return admitted
