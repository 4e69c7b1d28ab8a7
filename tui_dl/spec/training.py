"""How training is run: batches, length, device, pace."""

from typing import Annotated, Literal

from msgspec import Struct

from tui_dl.spec.component import described, number


class Training(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the run that belong to none of the four ingredients."""

    batch_size: Annotated[
        int, number("Samples per batch; more than there are means full batch", ge=1, le=10**9, unit="samples")
    ] = 64
    zero_grad: Annotated[
        bool,
        described("Reset gradients before each backward; false lets every backward add to the sum so far"),
    ] = True
    accumulate: Annotated[
        int,
        number(
            "Batches whose mean gradient makes one update; an update never reaches into the next epoch",
            ge=1,
            le=10**6,
            unit="batches",
        ),
    ] = 1
    precision: Annotated[
        Literal["float32", "bfloat16", "float16"],
        described("What forward and backward are computed in; weights stay float32, float16 scales its loss"),
    ] = "float32"
    compile: Annotated[
        Literal["off", "on"],
        described("on makes a step one compiled function, its update included; that takes seconds at first"),
    ] = "off"
    epochs: Annotated[int, number("Passes over the training split", ge=1, le=10**9, unit="epochs")] = 40
    device: Annotated[
        str,
        described(
            "auto takes CUDA where it is; or cpu, cuda, cuda:1",
            pattern=r"^(auto|cpu|cuda(:[0-9]{1,3})?)\Z",
            examples=["auto", "cpu", "cuda", "cuda:1"],
        ),
    ] = "auto"
    threads: Annotated[
        Literal["auto"] | Annotated[int, number("CPU threads of torch", ge=1, le=1024)],
        described("CPU threads of torch; auto is one for small batches, else the physical cores"),
    ] = "auto"
    pace: Annotated[
        float,
        number(
            "Batches per second while a screen is attached; 0 is flat out", ge=0, le=1e6, unit="batches/s"
        ),
    ] = 0.0
    nonfinite: Annotated[
        Literal["stop", "continue"], described("What a headless run does on a non-finite loss or gradient")
    ] = "stop"
    overhead_budget: Annotated[
        float, number("Share of the time that inspection may take", ge=0, le=1, unit="share")
    ] = 0.05
    checkpoint_every_s: Annotated[
        float, number("Least time between two checkpoints; 0 writes one each epoch", ge=0, le=1e6, unit="s")
    ] = 5.0
    epoch_line: Annotated[
        bool,
        described(
            "At each epoch's end measure train and test too and, without a screen, print a line: "
            "epoch:[0] loss:[0.3] train_accr:[0.9] test_accr:[0.9]."
        ),
    ] = False

    @property
    def samples_per_update(self) -> int:
        """Samples of a whole update; the last one of an epoch may have fewer."""
        return self.batch_size * self.accumulate
