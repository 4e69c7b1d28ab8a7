"""What the tests of somebody's own parts share: modules, batches and trainers of them."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from tui_dl.engine.training.trainer import Trainer


class Net(nn.Module):
    """Two layers, 784-256-10."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, 0.1, training=self.training)
        return self.fc2(x)  # type: ignore[no-any-return]


def images(count: int = 100) -> TensorDataset:
    generator = torch.Generator().manual_seed(3)
    return TensorDataset(
        torch.rand(count, 1, 28, 28, generator=generator), torch.randint(0, 10, (count,), generator=generator)
    )


def loader(shuffle: bool = True) -> DataLoader[Any]:
    return DataLoader(images(), batch_size=16, shuffle=shuffle)


def parts(**given: Any) -> dict[str, Any]:
    torch.manual_seed(1)
    model = Net()
    usual = {
        "model": model,
        "loss": nn.CrossEntropyLoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9),
        "batches": loader(),
    }
    return usual | given


def net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 1))


def pairs(count: int = 5) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(8, 2, generator=generator) for _ in range(count)]
    return [(each, each.prod(1, keepdim=True)) for each in inputs]


def small(model: nn.Module | None = None, **given: Any) -> Trainer:
    model = model or net()
    optimizer = given.pop("optimizer", None) or torch.optim.Adam(model.parameters(), lr=0.01)
    usual = {"model": model, "loss": F.mse_loss, "optimizer": optimizer, "batches": pairs()}
    return Trainer.from_parts(**(usual | given))
