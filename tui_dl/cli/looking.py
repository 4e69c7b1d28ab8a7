"""`tui-dl list` and `tui-dl show`: what there is, as text or as one JSON array."""

import argparse
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence, Set
from typing import Any

import msgspec

from tui_dl.errors import UsageError

_SHARED_BY = 3


def list_things(arguments: argparse.Namespace) -> int:
    """Print presets, components, metrics or runs."""
    if arguments.what == "presets":
        rows = _presets(_language(arguments, by_locale=not arguments.json))
    else:
        rows = {"components": _components, "metrics": _metrics, "runs": _runs}[arguments.what]()
    if arguments.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
        return 0
    {
        "presets": _print_presets,
        "components": _print_components,
        "metrics": _print_metrics,
        "runs": _print_runs,
    }[arguments.what](rows)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print the resolved experiment; what is printed loads back to the same experiment."""
    from tui_dl.spec.preset import load_preset, to_toml
    from tui_dl.spec.translate import translated

    language = _language(arguments, by_locale=False)
    sys.stdout.write(to_toml(translated(load_preset(arguments.preset), language)))
    return 0


def _language(arguments: argparse.Namespace, *, by_locale: bool) -> str:
    """What --lang says; else the user's language where people read, and English where programs do."""
    from tui_dl.spec.translate import AUTO, ENGLISH, language_code, language_of

    if arguments.language:
        code = language_code(arguments.language)
        return language_of(code)
    if not by_locale:
        return ENGLISH
    from tui_dl.ui.settings import SettingsStore

    return language_of(SettingsStore.of_user().settings.language or AUTO)


def _presets(language: str) -> Sequence[Any]:
    from tui_dl.spec.preset import list_presets

    return [{**msgspec.structs.asdict(preset), "path": str(preset.path)} for preset in list_presets(language)]


def _components() -> Sequence[Any]:
    from tui_dl.spec.catalogue import catalogue

    return [msgspec.to_builtins(component) for component in catalogue()]


def _metrics() -> Sequence[Any]:
    from tui_dl.spec.metrics import documented_metrics

    return [msgspec.to_builtins(metric) for metric in documented_metrics()]


def _runs() -> Sequence[Any]:
    from tui_dl.runs.listing import list_runs

    return [msgspec.to_builtins(run, enc_hook=str) for run in list_runs()]


def _width() -> int:
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))


def _paragraph(text: str, indent: int) -> str:
    from tui_dl.ui.wrapping import wrapped

    margin = " " * indent
    return "\n".join(margin + line for line in wrapped(text, _width() - indent))


def _print_presets(rows: Sequence[Any]) -> None:
    for row in rows:
        print(f"{row['name']:<22}{row['title']}")
        if row["summary"]:
            print(_paragraph(row["summary"], 22))


def _print_components(rows: Sequence[Any]) -> None:
    """Family by family; what many of a family have is explained once, at its head."""
    families = {row["family"]: [one for one in rows if one["family"] == row["family"]] for row in rows}
    for number, (family, members) in enumerate(families.items()):
        print(f"\n{family.upper()}" if number else family.upper())
        uses = Counter(_meaning(field) for row in members for field in row["fields"])
        shared = {meaning for meaning, count in uses.items() if count >= _SHARED_BY}
        explained = {
            _meaning(field): field for row in members for field in row["fields"] if _meaning(field) in shared
        }
        if explained:
            print("  several have, with defaults of their own:")
            for field in explained.values():
                print(_paragraph(f"{field['name']} {_kind(field)}: {field['help']}", 6))
        for row in members:
            _print_component(row, shared)


def _print_component(row: Any, shared: Set[tuple[str, ...]]) -> None:
    print(f"  {row['name']:<20}{row['summary']}")
    if row["source"]:
        print(_paragraph(f"source: {row['source']}", 22))
    known = []
    for field in row["fields"]:
        if _meaning(field) in shared:
            known.append(_with_default(field))
        else:
            print(_paragraph(f"{_with_default(field)} {_kind(field)}: {field['help']}", 6))
    if known:
        print(_paragraph(", ".join(known), 6))


def _meaning(field: Any) -> tuple[str, ...]:
    """All of a field but its default."""
    return tuple(str(field[name]) for name in ("name", "type", "bounds", "unit", "help"))


def _with_default(field: Any) -> str:
    unit = f" {field['unit']}" if field["unit"] else ""
    return f"{field['name']} = {msgspec.json.encode(field['default']).decode()}{unit}"


def _kind(field: Any) -> str:
    bounds = f", {field['bounds']}" if field["bounds"] else ""
    return f"({field['type']}{bounds})"


def _print_metrics(rows: Sequence[Any]) -> None:
    for row in rows:
        better = {"up": "higher is better", "down": "lower is better"}.get(row["better"], "")
        notes = ", ".join(part for part in (row["unit"], better) if part)
        print(f"{row['name']:<28}{row['help']}" + (f" ({notes})" if notes else ""))


def _print_runs(rows: Sequence[Any]) -> None:
    if not rows:
        print("no runs yet; `tui-dl run digits-mlp` makes one", file=sys.stderr)
        return
    width = max(len(row["id"]) for row in rows) + 2
    print(f"{'run':<{width}}{'state':<10}{'step':>9}{'size':>11}  {'started':<21}pid")
    for row in rows:
        size = f"{row['size_bytes'] / 2**20:.1f} MiB"
        started = row["started"].removesuffix("+00:00").replace("T", " ")
        # The number of a process that has ended may be another's by now.
        pid = row["pid"] if row["alive"] else ""
        print(f"{row['id']:<{width}}{row['state']:<10}{row['step']:>9}{size:>11}  {started:<21}{pid}")


def require_terminal(what: str) -> None:
    """Refuse a screen where there is none to draw on."""
    # The screen is drawn on standard error, so that standard output stays free for results.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{what} needs a terminal; without one use `tui-dl run PRESET --headless`")
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise UsageError(
            f"{what} needs a terminal whose cursor can be moved, and TERM is {term or 'not set'}; "
            "if this one can, set TERM=xterm-256color, else use `tui-dl run PRESET --headless`"
        )
