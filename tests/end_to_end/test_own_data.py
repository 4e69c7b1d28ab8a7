"""One's own files through the real program: where they are looked for, and what is said of them."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.program import only_run, parsed, run

TABLE = "x,y,kind\n" + "".join(f"{x},{x * x % 7},{'even' if x % 2 == 0 else 'odd'}\n" for x in range(40))
EXPERIMENT = """
[data]
name = "csv"
path = "data/table.csv"
test_share = 0.25
[model]
name = "mlp"
hidden = [4]
[training]
batch_size = 8
epochs = 2
device = "cpu"
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """An experiment's file with its table in a folder beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_text(TABLE)
    path = tmp_path / "own.toml"
    path.write_text(EXPERIMENT)
    return path


def test_a_table_beside_the_experiment_is_trained_on_and_tested_at_the_end(experiment: Path) -> None:
    done = run("run", str(experiment), "--headless", "--steps", "11", "--jsonl", "-")
    assert done.returncode == 0, done.stderr
    lines = parsed(done.stdout)
    # 24 of 40 samples train, in batches of 8: the two planned epochs have six steps.
    assert [line["step"] for line in lines if line["type"] == "step"] == list(range(1, 12))
    tested = [line for line in lines if line["type"] == "evaluation" and line["split"] == "test"]
    assert [line["step"] for line in tested] == [11]
    assert {"loss", "accuracy"} <= tested[0].keys()
    # The run goes on wherever it is resumed from.
    assert getattr(only_run().experiment().data, "path", "") == str(experiment.parent / "data" / "table.csv")


@pytest.mark.parametrize(
    ("override", "code", "message"),
    [
        ("data.path=none.csv", 3, "none.csv: there is no such file."),
        (
            "data.target=kin",
            2,
            'data.target: {table} has no column "kin"; there are kind, x, y. Did you mean "kind"?',
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_exit_code(
    experiment: Path, override: str, code: int, message: str
) -> None:
    done = run("run", str(experiment), "--headless", "--set", override, "--jsonl", "-")
    assert done.returncode == code
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(said) == 1
    assert message.format(table=experiment.parent / "data" / "table.csv") in said[0]
    assert "Traceback" not in done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "failed"
