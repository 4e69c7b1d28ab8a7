"""`training.compile` where no compiler is to be found: the run goes on without it and says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

EXPERIMENT = """
[data]
name = "moons"
samples = 64
[model]
name = "mlp"
hidden = [4]
[training]
batch_size = 16
compile = "on"
device = "cpu"
"""


def test_without_a_compiler_it_goes_on_eagerly_with_a_notice(tmp_path: Path) -> None:
    home, cache = tmp_path / "home", tmp_path / "cache"
    preset = tmp_path / "compiled.toml"
    preset.write_text(EXPERIMENT)
    # Nothing is found under PATH, and nothing is there to be used again.
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX")}
    environment |= {"PATH": "", "TUI_DL_HOME": str(home), "TORCHINDUCTOR_CACHE_DIR": str(cache)}
    words = ["run", str(preset), "--headless", "--steps", "6", "--jsonl", "-"]
    command = [sys.executable, "-m", "tui_dl", *words]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    (notice,) = [line for line in lines if line["type"] == "notice"]
    assert notice["level"] == "warning"
    assert "training.compile: no C++ compiler is found here" in notice["text"]
    assert "no C++ compiler" in ended.stderr
    assert [line["step"] for line in lines if line["type"] == "step"] == list(range(1, 7))
    assert (lines[-1]["type"], lines[-1]["reason"]) == ("finished", "steps")
