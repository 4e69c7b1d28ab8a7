"""Where downloaded files are kept, for all runs: `$TUI_DL_HOME/data`, else the platform's cache folder."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder(name: str) -> Path:
    """The folder of one data set; it need not be there yet."""
    home = os.environ.get("TUI_DL_HOME")
    return (Path(home).expanduser() / "data" if home else user_cache_path("tui-dl")) / name
