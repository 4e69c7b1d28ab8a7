"""The settings as a form shows them, read off the Struct: types, choices, bounds, words of docstrings."""

import ast
import inspect
import textwrap
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, final

from tui_dl.spec.catalogue import FieldInfo, struct_fields
from tui_dl.ui.settings import Settings

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp

_YES_NO: Final = ("yes", "no")
_NOT_SHOWN: Final = frozenset({"version"})


@final
@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting."""

    info: FieldInfo
    help: str
    default: Any

    @property
    def name(self) -> str:
        """Its name in the file."""
        return self.info.name

    @property
    def label(self) -> str:
        """Its name in words."""
        return self.name.replace("_", " ")

    @property
    def is_number(self) -> bool:
        """Whether it is written as a number."""
        return self.info.type in ("int", "float")

    @property
    def is_editable(self) -> bool:
        """Whether it is one word or number, which a line can take."""
        return self.info.type in ("int", "float", "bool", "text", "choice")

    def value_of(self, text: str) -> Any:
        """What was written, as the field's type wants it. What can't be stays text: validation says why."""
        if self.info.type == "bool":
            return {"yes": True, "no": False}.get(text, text)
        if self.is_number and text not in self.info.choices:
            try:
                return int(text) if self.info.type == "int" else float(text)
            except ValueError:
                return text
        return text


@cache
def setting_fields() -> tuple[SettingField, ...]:
    """All settings in the order of their declaration."""
    words = _docstrings(Settings)
    defaults = Settings()
    return tuple(
        SettingField(info, words.get(info.name) or info.help, getattr(defaults, info.name))
        for info in struct_fields(Settings)
        if info.name not in _NOT_SHOWN
    )


def choices_for(app: "TuiDlApp", field: SettingField) -> tuple[str, ...]:
    """The values that there are; none where a number or any text may stand."""
    if field.name == "theme":
        return ("auto", *_themes(app))
    if field.info.type == "bool":
        return _YES_NO
    if field.info.type != "choice":
        return ()
    return tuple(sorted(field.info.choices, key=lambda choice: choice != field.default))


def text_of(value: Any) -> str:
    """A value as one would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, dict):
        return f"{len(value)} of your own" if value else "as they are"
    if isinstance(value, list | tuple):
        return " ".join(map(text_of, value))
    return str(value)


def _themes(app: "TuiDlApp") -> list[str]:
    """Our own first, then Textual's, each in alphabetical order."""
    return sorted(app.available_themes, key=lambda name: (not name.startswith("tui-dl"), name))


def _docstrings(cls: type) -> dict[str, str]:
    """The strings below the fields of a class: Python itself forgets them."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):  # no source beside the program: names have to do
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for field, words in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(words, ast.Expr)
            and isinstance(words.value, ast.Constant)
            and isinstance(words.value.value, str)
        ):
            found[field.target.id] = " ".join(words.value.value.split())
    return found
