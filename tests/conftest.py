"""What every test stands on: one thread, a home of its own, repeatable examples, CUDA tests that skip."""

import os
from pathlib import Path

# Before anything imports torch or numpy, and inherited by every process that a test starts: several threads
# on a shared core cost more than they give, and bits depend on their number.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# What is expected is English, whatever the language of whoever runs the tests.
os.environ.pop("LC_ALL", None)
os.environ["LC_MESSAGES"] = "C"

import hypothesis
import pytest

hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True)
def tui_dl_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test's runs away from the user's own, and hand their place to whoever asks."""
    home = tmp_path / "tui-dl-home"
    monkeypatch.setenv("TUI_DL_HOME", str(home))
    return home


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs CUDA where there is none; torch loads only for tests that ask."""
    if item.get_closest_marker("cuda") is None:
        return
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
