"""The app's look while it runs: theme, glyphs, mouse and colours, as settings and keys change them."""

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ReturnType
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter
from textual.scrollbar import ScrollBar, ScrollBarRender

from tui_dl.ui.app_themes import THEMES, ThemeName
from tui_dl.ui.ink import as_ascii
from tui_dl.ui.look import GlyphKind, Look, glyphs_for, is_colourless, theme_for
from tui_dl.ui.settings import Settings, SettingsStore
from tui_dl.ui.terminal_link import FrameClockApp, capture_mouse
from tui_dl.ui.theme import ColourDepth, depth_of

if TYPE_CHECKING:
    from tui_dl.ui.plots.glyph import Glyphs

_NOTICE_S: Final = 2.0


class LookApp(FrameClockApp[ReturnType]):
    """An app that looks as `Look` and settings say, and changes at once when they do."""

    CSS = """
    .-plain .box { border: ascii $primary; }
    .-plain #side { border-right: ascii $border-blurred; }
    .-plain #notes { border-top: ascii $border-blurred; }
    .-plain #lists ListPanel, .-plain #preview { border: ascii $border-blurred; }
    .-plain #lists ListPanel.chosen { border: ascii $accent; }
    .-plain StatusPanel { height: 2 !important; }
    .-plain Toast { border-left: ascii $border-blurred; }
    """

    settings_store: SettingsStore
    is_plain: bool
    """Whether all but the dots of curves is drawn in ASCII."""

    def begin_look(self, look: Look | None = None) -> None:
        """Take the look on; after the settings are there, before anything is drawn."""
        self.look = Look.of_environment() if look is None else look
        self.no_color = is_colourless()
        # Textual chooses the filters by its first theme, which leaves greys where no colour is wanted.
        self._filters = [one for one in self._filters if isinstance(one, ANSIToTruecolor)]
        if self.no_color:
            self._filters.append(Colourless())
        for theme in THEMES.values():
            self.register_theme(theme)
        self._followed = self.settings_store.settings
        self._theme_name: ThemeName = self._chosen_theme()
        self.theme = THEMES[self._theme_name].name
        self._take_glyphs()
        self.set_class(self.look.is_presenting, "-presenting")
        self.settings_store.subscribe(self._follow)

    @cached_property
    def glyphs(self) -> "Glyphs":
        """The characters that plots draw with."""
        from tui_dl.ui.plots.glyph import ASCII, BLOCKS, FULL, NARROW

        return {"braille": FULL, "quadrant": BLOCKS, "ascii": ASCII, "narrow": NARROW}[self.glyph_kind]

    @property
    def is_presenting(self) -> bool:
        """Whether the screen is laid out for a projector."""
        return self.look.is_presenting

    def action_next_theme(self) -> None:
        """The next theme of all; kept as the one to begin with, unless it is a projector's."""
        names = [name for name in THEMES if self._depth != "16" or name not in ("dark", "light")]
        name = names[(names.index(self._theme_name) + 1) % len(names)]
        if not self.is_presenting:
            # Whoever chooses by a key means it more than the environment.
            self.look = replace(self.look, theme="")
            self.settings_store.change(theme=name)
        self._show_theme(name)
        self.notify(f"theme {name}", timeout=_NOTICE_S, markup=False)

    def on_mount(self) -> None:
        for notice in self.look.notices:
            self.notify(notice, severity="warning", markup=False, timeout=8)
        if self.look.typed:
            self.call_after_refresh(self._type, self.look.typed)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        # The first report answers the question that was asked before the screen came, from a slow terminal.
        if self.look.was_asked:
            self.look = replace(self.look, was_asked=False, ambiguous_is_wide=event.x == 2)
            self._take_glyphs()

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _depth(self) -> ColourDepth:
        return depth_of(self.console.color_system, no_colour=self.no_color)

    def _chosen_theme(self) -> ThemeName:
        return theme_for(self.look, self.settings_store.settings.theme, self._depth)

    def _show_theme(self, name: ThemeName) -> None:
        self._theme_name = name
        self.theme = THEMES[name].name

    def _follow(self, settings: Settings) -> None:
        """Settings were changed: what they say now was chosen later than what options said."""
        before, self._followed = self._followed, settings
        if settings.theme != before.theme:
            self.look = replace(self.look, theme="")
            self._show_theme(self._chosen_theme())
        if settings.glyphs != before.glyphs:
            self.look = replace(self.look, glyphs="")
            self._take_glyphs()
        if settings.mouse != before.mouse:
            capture_mouse(self, is_on=settings.mouse)

    def _take_glyphs(self) -> None:
        kind: GlyphKind = glyphs_for(self.look, self.settings_store.settings.glyphs)
        if kind == getattr(self, "glyph_kind", None):
            return
        self.glyph_kind = kind
        self.is_plain = kind in ("ascii", "narrow")
        self.__dict__.pop("glyphs", None)
        self.set_class(self.is_plain, "-plain")
        self._filters = [one for one in self._filters if not isinstance(one, PlainSigns)]
        if self.is_plain:
            self._filters.append(PlainSigns())
        ScrollBar.renderer = _PlainScrollBar if self.is_plain else ScrollBarRender
        for screen in self.screen_stack if self._running else ():
            for widget in screen.query("*"):
                # Every panel and plot forgets its finished lines then, as for another theme.
                widget.notify_style_update()
                widget.refresh()

    def _type(self, text: str) -> None:
        from textual.keys import _character_to_key

        for character in text:
            self.simulate_key(_character_to_key(character))


@final
class _PlainScrollBar(ScrollBarRender):
    """A scroll bar that ends with whole cells: the parts of one are wider than a cell on some terminals."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


@final
class PlainSigns(LineFilter):
    """Writes in ASCII what no panel draws itself: titles of borders, what a field says while it is empty."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with an ASCII sign for each that has one; each is one cell wide, as before."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [Segment(as_ascii(text), style, control) for text, style, control in segments]


@final
class Colourless(LineFilter):
    """Takes every colour away and leaves bold, dim, reverse and underline: no code for a colour goes out."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Style, Style] = {}

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without colours."""
        return [
            Segment(text, None if style is None else self._bare(style), control)
            for text, style, control in segments
        ]

    def _bare(self, style: Style) -> Style:
        known = self._known.get(style)
        if known is None:
            if len(self._known) > 4096:
                self._known.clear()
            # Textual reads what a click does from the style that is left.
            meta = Style.from_meta(style.meta) if style.meta else Style.null()
            known = self._known[style] = style.without_color + meta
        return known
