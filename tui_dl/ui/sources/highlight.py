"""Python source as styled lines: pygments tells what a word is, the theme's named styles how it looks."""

from functools import lru_cache

from tui_dl.ui.ink import Line, Part


@lru_cache(maxsize=32)
def highlighted(text: str) -> tuple[Line, ...]:
    """The lines of a text, without their numbers."""
    # Not before somebody asks: it takes a tenth of a second to load.
    from pygments.lexers.python import PythonLexer
    from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token

    styles = (
        (Comment, "dim"), (String.Doc, "dim"), (String, "good"), (Number, "warn"),
        (Keyword, "key"), (Operator.Word, "key"),
        (Name.Function, "title"), (Name.Class, "title"), (Name.Decorator, "info"), (Name.Builtin, "info"),
    )  # fmt: skip
    lines: list[list[Part]] = [[]]
    known: dict[object, str] = {Token: ""}
    for kind, words in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        if kind not in known:
            known[kind] = next((style for parent, style in styles if kind in parent), "")
        first, *more = words.split("\n")
        if first:
            lines[-1].append((first, known[kind]))
        lines.extend([(word, known[kind])] if word else [] for word in more)
    return tuple(lines)
