"""Runs beside a run: they lie in its folder, are in no list of runs, and leave nothing when they end."""

import shutil
from contextlib import suppress
from typing import Final

from tui_dl.runs.folder import RunFolder, new_run
from tui_dl.runs.liveness import is_alive
from tui_dl.spec.experiment import Experiment

VARIANTS_FOLDER: Final = "variants"


def new_variant(of: RunFolder, experiment: Experiment, name: str) -> RunFolder:
    """Make the folder of a run beside another. Raises NotAvailable if it can't be written."""
    return new_run(experiment, name, home=of.path / VARIANTS_FOLDER)


def sweep_variants(of: RunFolder) -> None:
    """Delete what variants left whose engines did not end in good order; those that live are let be."""
    home = of.path / VARIANTS_FOLDER
    with suppress(OSError):
        for path in list(home.iterdir()):
            if not is_alive(RunFolder(path).log_path):
                shutil.rmtree(path, ignore_errors=True)
        # Fails as long as something is in it.
        home.rmdir()
