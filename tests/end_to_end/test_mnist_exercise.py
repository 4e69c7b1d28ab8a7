"""The reference exercise: as a preset through the real program, and as anyone's own module."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.components.data.served import TEST, TRAIN, mnist_files, written
from tests.end_to_end.program import parsed, run
from tui_dl.components.data.idx import read_idx
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.preset import load_preset

LINE = re.compile(r"epoch:\[(\d+)\] loss:\[\d+\.\d{3}\] train_accr:\[\d\.\d{3}\] test_accr:\[\d\.\d{3}\]\.")
SMALL = ("--set", "training.batch_size=16", "--device", "cpu", "--threads", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny files in MNIST's own format."""
    return written(tmp_path_factory.mktemp("mnist"), mnist_files())


def test_each_of_ten_epochs_prints_its_line(folder: Path, tmp_path: Path) -> None:
    told = tmp_path / "lines.jsonl"
    set_folder = f"data.folder={folder}"
    done = run("run", "mnist-mlp", "--headless", "--set", set_folder, *SMALL, "--jsonl", str(told))
    assert done.returncode == 0, done.stderr
    *lines, summary = done.stdout.splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert [int(match[1]) for match in found if match] == list(range(10))
    assert len(lines) == 10
    assert summary.startswith("finished (epochs) at step 40")
    assert "test: loss" in summary
    assert done.stderr == ""
    evaluated = [line for line in parsed(told.read_text()) if line["type"] == "evaluation"]
    for split in ("train", "validation", "test"):
        assert [line["epoch"] for line in evaluated if line["split"] == split] == list(range(1, 11))
    # Nothing is held out but the test split: what the exercise reads is said under both names.
    both = [
        [line["accuracy"] for line in evaluated if line["split"] == name] for name in ("validation", "test")
    ]
    assert both[0] == both[1]


def test_digits_do_without_a_network_and_json_lines_stay_alone_on_standard_output() -> None:
    asked = ("--epochs", "2", "--set", "data.name=digits", *SMALL, "--jsonl", "-")
    done = run("run", "mnist-mlp", "--headless", *asked)
    assert done.returncode == 0, done.stderr
    assert parsed(done.stdout)[-1]["type"] == "finished"
    remark, *lines = done.stderr.splitlines()
    assert remark == "digits has no test split: test_accr is measured on the validation split"
    assert [bool(LINE.fullmatch(line)) for line in lines] == [True, True]


def test_without_a_network_it_is_said_and_the_exit_code_is_three(tmp_path: Path) -> None:
    mirror = "data.mirror=http://127.0.0.1:9/"
    done = run("run", "mnist-mlp", "--headless", "--set", mirror, no_proxy="*", TUI_DL_HOME=str(tmp_path))
    assert done.returncode == 3
    (said,) = done.stderr.splitlines()
    assert said.startswith("tui-dl: mnist can't be downloaded: http://127.0.0.1:9/train-images-idx3-ubyte.gz")


class Perceptron(nn.Module):
    """The exercise's own module: two linear maps, ReLU between them."""

    def __init__(self) -> None:
        super().__init__()
        self.lin_1 = nn.Linear(784, 256)
        self.lin_2 = nn.Linear(256, 10)
        for layer in (self.lin_1, self.lin_2):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lin_2(F.relu(self.lin_1(x.view(-1, 784))))


def _tensors(folder: Path, prefix: str) -> tuple[torch.Tensor, torch.Tensor]:
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", 3)
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", 1)
    return torch.from_numpy(images.copy()).float().div(255), torch.from_numpy(labels.copy()).long()


def test_the_exercises_own_module_trains_as_the_loop_that_one_writes_for_it(folder: Path) -> None:
    """Adam at 0.001, cross entropy, batches in order; bit for bit, with the same kernels."""
    (images, labels), held_out = _tensors(folder, "train"), _tensors(folder, "t10k")
    assert (len(images), len(held_out[0])) == (TRAIN, TEST)
    batches = list(zip(images.split(16), labels.split(16), strict=True))
    torch.manual_seed(0)
    own = Perceptron()
    torch.manual_seed(0)
    by_hand = Perceptron()
    trainer = Trainer.from_parts(
        model=own,
        loss=nn.CrossEntropyLoss(),
        optimizer=torch.optim.Adam(own.parameters(), lr=1e-3),
        batches=batches,
        validation=[held_out],
    )
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=1e-3)
    for _ in range(10):
        for inputs, targets in batches:
            loss = F.cross_entropy(by_hand(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            assert trainer.train_batch().loss == loss.item()
    for one, other in zip(own.parameters(), by_hand.parameters(), strict=True):
        assert torch.equal(one, other)
    with torch.no_grad():
        right = (by_hand(held_out[0]).argmax(1) == held_out[1]).double().mean().item()
    assert trainer.evaluate("validation")["accuracy"] == pytest.approx(right)
    assert trainer.evaluate("train")["accuracy"] > 0.5


def test_the_preset_is_the_exercise(folder: Path) -> None:
    """784-256-10, Kaiming-normal of variance 2/fan_in, zero biases; all of train, grey in [0, 1]."""
    trainer = Trainer(load_preset("mnist-mlp", {"data.folder": str(folder)}))
    linear = [module for module in trainer.model.modules() if isinstance(module, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(784, 256), (256, 10)]
    for layer in linear:
        assert not layer.bias.any()
        expected = (2 / layer.in_features) ** 0.5
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.05)
    assert trainer.splits is not None
    assert len(trainer.splits.train) == TRAIN
    assert trainer.splits.validation is trainer.splits.test
    images, _ = _tensors(folder, "train")
    assert sorted(trainer.splits.train.inputs.flatten(1).sum(1).tolist()) == pytest.approx(
        sorted(images.flatten(1).sum(1).tolist())
    )
    experiment = load_preset("mnist-mlp")
    assert (experiment.training.batch_size, experiment.training.epochs) == (256, 10)
    assert (experiment.optimizer.name, experiment.optimizer.lr) == ("adam", 0.001)
    assert type(trainer.optimizer) is torch.optim.Adam
