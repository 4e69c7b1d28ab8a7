"""The loops that people write by hand, and the trainer without its engine, each in a process of its own.

`python -m tests.benchmarks.reference_loops KIND EXPERIMENT` reads one line from stdin per measurement, a
number of seconds, and answers with steps and seconds: contenders can take turns on a machine that drifts.
"""

import sys
import time
from collections.abc import Callable, Iterator

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BATCH_SIZE = 64
WIDTHS = (64, 64, 64, 10)


def model() -> nn.Sequential:
    """64-64-64-10 with ReLU, as the default preset has it."""
    layers: list[nn.Module] = []
    for i in range(len(WIDTHS) - 1):
        layers += [nn.Linear(WIDTHS[i], WIDTHS[i + 1]), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """1437 standardised samples, as many as the preset trains on."""
    data = load_digits()
    inputs = torch.tensor(data.data[:1437], dtype=torch.float32)
    scale = inputs.std(0)
    scale[scale == 0] = 1.0
    return (inputs - inputs.mean(0)) / scale, torch.tensor(data.target[:1437])


def hand_steps(*, fused: bool | None = None) -> Iterator[None]:
    """Tensors resident, default Adam, loss.item() each step, no norms: what an expert writes for speed."""
    inputs, targets = digits()
    net, loss_function = model(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=fused)
    while True:
        order = torch.randperm(len(inputs))
        for i in range(0, len(inputs), BATCH_SIZE):
            index = order[i : i + BATCH_SIZE]
            optimizer.zero_grad()
            loss = loss_function(net(inputs[index]), targets[index])
            loss.backward()
            optimizer.step()
            loss.item()
            yield


def loader_steps() -> Iterator[None]:
    """DataLoader over TensorDataset: what people write first."""
    net, loss_function = model(), nn.CrossEntropyLoss()
    loader = DataLoader(TensorDataset(*digits()), batch_size=BATCH_SIZE, shuffle=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    while True:
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = loss_function(net(inputs), targets)
            loss.backward()
            optimizer.step()
            loss.item()
            yield


def fused_hand_steps() -> Iterator[None]:
    """The hand loop of who knows that the optimizer can be fused."""
    return hand_steps(fused=True)


def trainer_steps() -> Iterator[None]:
    """`Trainer.train_batch` alone: what the engine adds to it is the rest of headless."""
    from tui_dl import Trainer, load_preset

    trainer = Trainer(load_preset(sys.argv[2]))
    while True:
        trainer.train_batch()
        yield


def compiled_trainer_steps() -> Iterator[None]:
    """`Trainer.train_batch` with the whole step compiled, its losses checked for being finite as always."""
    from tui_dl import Trainer, load_preset

    trainer = Trainer(load_preset(sys.argv[2], {"training.compile": "on"}))
    trainer.stop_on_nonfinite = True
    trainer.watch_compiling(lambda news: print(news.kind, news.words, file=sys.stderr))
    while True:
        trainer.train_batch()
        yield


KINDS: dict[str, Callable[[], Iterator[None]]] = {
    "hand": hand_steps,
    "hand-fused": fused_hand_steps,
    "loader": loader_steps,
    "trainer": trainer_steps,
    "trainer-compiled": compiled_trainer_steps,
}


def main() -> None:
    """Serve measurements until stdin ends."""
    torch.set_num_threads(1)
    steps = KINDS[sys.argv[1]]()
    for _ in range(200):
        next(steps)
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = float(line)
        started = time.perf_counter()
        count = 0
        while (elapsed := time.perf_counter() - started) < seconds:
            for _ in range(20):
                next(steps)
            count += 20
        print(count, elapsed, flush=True)


if __name__ == "__main__":
    main()
