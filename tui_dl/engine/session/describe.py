"""A run in facts: what is trained on which data, with which versions, and what will be reported of it."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

import tui_dl
from tui_dl.components.summary import describe_layers, parameter_count
from tui_dl.spec.metrics import METRICS, MetricInfo
from tui_dl.wire.messages import RunDescribed, StatusChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_dl.engine.session.session import Session
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.spec.experiment import Experiment

_OF_EVERY_STEP: Final = ("data_loss", "penalty", "lr", "grad_norm")
_OF_FLOAT16: Final = ("loss_scale", "skipped")


def describe(trainer: Trainer, experiment: Experiment, *, run: str, path: str, segment: int) -> RunDescribed:
    """All that a client is told before the first value."""
    splits = trainer.splits
    assert splits is not None, "a session trains on an experiment's data"
    layers = describe_layers(trainer.model, splits.input_shape)
    batch_samples = min(experiment.training.batch_size, len(splits.train.inputs))
    return RunDescribed(
        run=run,
        experiment=experiment,
        device=device_words(trainer.device),
        threads=torch.get_num_threads(),
        parameters=parameter_count(trainer.model),
        layers=layers,
        metrics=reported_metrics(
            splits.task, splits.by_name, scales=experiment.training.precision == "float16"
        ),
        versions=versions(),
        train_samples=len(splits.train.inputs),
        validation_samples=len(splits.validation.inputs),
        steps_per_epoch=trainer.steps_per_epoch,
        total_steps=trainer.total_steps,
        input_shape=tuple(splits.input_shape),
        outputs=splits.outputs,
        class_names=tuple(splits.class_names),
        segment=segment,
        path=path,
        warmup_from=trainer.rates.warmup_from,
        warmup_steps=trainer.rates.warmup_steps,
        epoch_shift=trainer.rates.epoch_shift,
        multiply_adds=sum(layer.multiply_adds for layer in layers),
        activation_bytes=batch_samples * sum(layer.activation_bytes for layer in layers),
    )


def status_of(session: Session) -> StatusChanged:
    """Where a run stands now."""
    trainer, rate = session.trainer, session.rate.steps_per_s
    left = max(trainer.total_steps - trainer.step, 0)
    return StatusChanged(
        state=session.state,
        detail=session.detail,
        segment=session.segment,
        step=trainer.step,
        epoch=trainer.epoch,
        epoch_samples=trainer.epoch_samples,
        samples_seen=trainer.samples_seen,
        phase=session.phases.phase,
        steps_per_s=rate,
        pace=session.pacer.pace,
        epochs=session.experiment.training.epochs,
        total_steps=trainer.total_steps,
        eta_s=left / rate if session.is_running and rate > 0 else None,
        elapsed_s=session.rate.elapsed_s,
        overhead=session.scheduler.overhead(),
        undo_depth=trainer.undo_depth,
        undo_label=trainer.undo_label,
        scene=session.course.scenes.index,
        scene_waiting=session.course.scenes.waiting,
        rate_scale=trainer.rates.plateau.scale,
    )


def reported_metrics(task: str, splits: Iterable[str], *, scales: bool = False) -> tuple[MetricInfo, ...]:
    """What steps and evaluations of these splits report, in the order of the one list of all metrics."""
    prefixes = tuple(f"{split}." for split in splits)
    of_every_step = (*_OF_EVERY_STEP, *(_OF_FLOAT16 if scales else ()))
    return tuple(
        metric
        for metric in METRICS
        if task in metric.tasks and (metric.name.startswith(prefixes) or metric.name in of_every_step)
    )


def versions() -> dict[str, str]:
    """What the numbers depend on."""
    found = {
        "tui-dl": tui_dl.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    if torch.version.cuda and torch.cuda.is_available():
        found["cuda"] = torch.version.cuda
    return found


def device_words(device: torch.device) -> str:
    """`cpu`, or `cuda:0 (its name)`."""
    if device.type != "cuda":
        return str(device)
    return f"{device} ({torch.cuda.get_device_name(device)})"
