"""An experiment: data, model, loss, optimizer, regularizers, and how they are run and presented."""

from typing import Annotated

from msgspec import Struct

from tui_dl.spec.component import described, number
from tui_dl.spec.data import AnyData
from tui_dl.spec.lecture import Expectation, Lecture, Scene, ScriptedChange, Variant
from tui_dl.spec.losses import AnyLoss
from tui_dl.spec.models import AnyModel
from tui_dl.spec.optimizers import Adam, AnyOptimizer
from tui_dl.spec.regularizers import AnyRegularizer
from tui_dl.spec.schedules import AnySchedule, Constant
from tui_dl.spec.training import Training


class Experiment(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"scenes": "scene", "scripts": "script", "variants": "variant", "expectations": "expect"},
):
    """All that determines a run. Made by `tui_dl.spec.preset`, which validates; the constructor does not."""

    title: str = ""
    summary: str = ""
    seed: Annotated[int, number("Seed of splits, weights, order and dropout", ge=0, le=2**63 - 1)] = 0
    data: Annotated[AnyData, described("What the network learns from")]
    model: Annotated[AnyModel, described("The function that is fitted")]
    loss: Annotated[
        AnyLoss, described("What training makes small; by default cross entropy for classes, else MSE")
    ]
    optimizer: Annotated[AnyOptimizer, described("How a gradient becomes a step")] = Adam()
    schedule: Annotated[AnySchedule, described("Factor on the learning rate over time")] = Constant()
    regularizers: Annotated[tuple[AnyRegularizer, ...], described("What hinders learning on purpose")] = ()
    training: Annotated[Training, described("Batches, length, device, pace")] = Training()
    lecture: Lecture = Lecture()
    scenes: Annotated[tuple[Scene, ...], described("Where the presenter stops", max_length=1000)] = ()
    scripts: Annotated[tuple[ScriptedChange, ...], described("Changes made by the run", max_length=200)] = ()
    variants: Annotated[tuple[Variant, ...], described("What is run beside it", max_length=50)] = ()
    expectations: Annotated[tuple[Expectation, ...], described("What --check verifies", max_length=1000)] = ()
