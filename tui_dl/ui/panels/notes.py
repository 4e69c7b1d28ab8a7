"""The preset's notes as formatted Markdown, and the scene that the run waits at."""

from collections.abc import Sequence
from typing import ClassVar

from textual.strip import Strip

from tui_dl.ui.ink import Line, cells, wrapped
from tui_dl.ui.panels.lines import GrowingPanel, LinePanel
from tui_dl.ui.run_model import RunModel, Topic


class NotesPanel(LinePanel):
    """Title, summary and notes in Markdown.

    Args:
        model: of the run.
        id: of the widget.
        is_formatted: False shows the notes as they are written until `format_notes`: what lays Markdown out
            takes 50 ms to load, which the first paint of a screen is better without.
    """

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("experiment",))

    def __init__(
        self,
        model: RunModel,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        is_formatted: bool = True,
    ) -> None:
        super().__init__(model, id=id)
        self._is_formatted = is_formatted
        self._laid_out: tuple[object, list[Line]] = (None, [])

    def format_notes(self) -> None:
        """Lay the Markdown out from here on."""
        self._is_formatted = True
        self._laid_out = (None, [])
        self.repaint()

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The notes at this width, laid out once."""
        if self.model.experiment is None:
            return []
        words = self.model.words
        key = (words, width, self.app.theme)
        if self._laid_out[0] != key:
            lines: list[Line] = [[(f" {text}", "title")] for text in wrapped(words.title, width - 2)]
            lines += [[f" {text}"] for text in wrapped(words.summary, width - 2)]
            if words.notes:
                lines += [(), *self._markdown(words.notes, width - 2)]
            self._laid_out = (key, lines)
        return self._laid_out[1]

    def _markdown(self, text: str, width: int) -> list[Line]:
        if not self._is_formatted:
            return [[f" {line}"] for paragraph in text.splitlines() for line in wrapped(paragraph, width)]
        from rich.markdown import Markdown

        options = self.app.console.options.update(width=max(width, 10), height=None)
        rendered = self.app.console.render_lines(Markdown(text, hyperlinks=False), options, pad=False)
        # Styles of rich have no names here: plain strips would lose them, so they ride along as they are.
        return [[" ", *Strip(segments)] for segments in rendered]


class ScenePanel(GrowingPanel):
    """The scene that the run waits at, or passed last: number, note, and the key that goes on."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("status", "experiment"))
    DEFAULT_CSS = """
    ScenePanel { height: auto; max-height: 6; background: $boost; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The present scene's note; nothing if there is no scene."""
        return scene_lines(self.model, width)


def scene_lines(model: RunModel, width: int) -> list[Line]:
    """What the scene bar says, at this width; `going_on` is the key to the next scene."""
    scenes = model.words.scenes
    if model.scene is None or not 0 <= model.scene < len(scenes):
        return []
    style = "on_warn" if model.scene_waiting else "on_info"
    head = f" Scene {model.scene + 1}/{len(scenes)} "
    body = wrapped(scenes[model.scene], max(width - len(head) - 2, 20))
    lines: list[Line] = [[(head, style), " ", (body[0], "bold")]]
    lines += [[" " * (len(head) + 1), (text, "bold")] for text in body[1:]]
    if model.scene_waiting:
        key = [(model.keymap.shown("next_scene"), "key"), (" goes on", "dim")]
        last = len(lines) - 1
        used = len(head) + 1 + cells([body[-1]])
        lines[last] = [*lines[last], "  ", *key] if used + 14 <= width else lines[last]
        if used + 14 > width:
            lines.append([" " * (len(head) + 1), *key])
    return lines
