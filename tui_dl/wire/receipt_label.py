"""What a change was, in as few words as a plot's mark has room for; loads no numpy."""

from tui_dl.wire.plans import Receipt


def receipt_label(receipt: Receipt) -> str:
    """What a change was, short enough for a plot's mark."""
    parts = [_edit_label(path, old, new) for path, old, new in receipt.edits]
    return ", ".join(parts) or ", ".join(receipt.change)


def _edit_label(path: str, old: str, new: str) -> str:
    name = path.rpartition(".")[2]
    if old in ("", "none", "None"):
        return f"+{name} {new}".strip()
    if new in ("", "none", "None"):
        return f"-{name}"
    return f"{name} {old} → {new}"
