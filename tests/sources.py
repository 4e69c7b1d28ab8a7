"""Reads the package's sources for tests that judge what they import."""

import ast
from pathlib import Path


def imported_packages(file: Path) -> set[str]:
    """Name the top-level packages that a source imports anywhere, inside functions included."""
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
