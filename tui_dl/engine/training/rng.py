"""Random numbers of one run: seeds derived from its own, and generator states swapped in and out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, final

import torch

if TYPE_CHECKING:
    from types import TracebackType

    from torch import Tensor


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for one purpose, a pure function of the run's seed and the purpose's words.

    torch's CPU generator uses 32 of a seed's bits alone: hashing lets all of the run's seed count.
    """
    text = ":".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def seeded_generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A CPU generator of its own for one purpose."""
    return torch.Generator().manual_seed(derived_seed(seed, *purpose))


@final
class RandomState:
    """The state of torch's default generators as one run sees them, put in place only while that run draws.

    Used as a context: inside it the default generators are this run's; afterwards they are what they were.
    Contexts don't nest.

    Args:
        device: the generator of this device is swapped besides the CPU's.
        seed: where it starts; None takes over the default generators as they are now.
    """

    def __init__(self, device: torch.device, seed: int | None) -> None:
        self._cuda = _cuda_generator(device)
        self._outside: tuple[Tensor, ...] | None = None
        if seed is None:
            self.state = self._taken()
            return
        with self._preserved():
            torch.default_generator.manual_seed(derived_seed(seed, "draws"))
            if self._cuda is not None:
                self._cuda.manual_seed(derived_seed(seed, "draws"))
            self.state = self._taken()

    def __enter__(self) -> RandomState:
        assert self._outside is None, "a run's random state is in place already"
        self._outside = self._taken()
        self._put(self.state)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._outside is not None
        self.state = self._taken()
        self._put(self._outside)
        self._outside = None

    def current(self) -> tuple[Tensor, ...]:
        """Inside the context: the state as it is now."""
        assert self._outside is not None
        return self._taken()

    def preserved(self) -> _Preserved:
        """A context in which this run's generators are in place, and whose draws are forgotten afterwards."""
        return _Preserved(self)

    def _preserved(self) -> _Outside:
        return _Outside(self)

    def _taken(self) -> tuple[Tensor, ...]:
        cpu = torch.default_generator.get_state()
        return (cpu,) if self._cuda is None else (cpu, self._cuda.get_state())

    def _put(self, state: tuple[Tensor, ...]) -> None:
        torch.default_generator.set_state(state[0])
        if self._cuda is not None and len(state) > 1:
            self._cuda.set_state(state[1])


@final
class _Preserved:
    """Draws from a copy of a run's state."""

    def __init__(self, random: RandomState) -> None:
        self._random = random
        self._state = random.state

    def __enter__(self) -> None:
        self._random.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._random.__exit__(kind, error, trace)
        self._random.state = self._state


@final
class _Outside:
    """Puts the default generators back as they were."""

    def __init__(self, random: RandomState) -> None:
        self._random = random

    def __enter__(self) -> None:
        self._state = self._random._taken()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._random._put(self._state)


def _cuda_generator(device: torch.device) -> torch.Generator | None:
    if device.type != "cuda":
        return None
    torch.cuda.init()  # type: ignore[no-untyped-call]  # makes the default generators
    return torch.cuda.default_generators[device.index]
