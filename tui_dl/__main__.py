"""Lets ``python -m tui_dl`` do what the ``tui-dl`` command does."""

import sys

from tui_dl.cli import main

if __name__ == "__main__":
    sys.exit(main())
