"""What in a model contradicts itself, the data, or the norms and dropout that stand in it."""

from tui_dl.errors import SpecError
from tui_dl.spec.activations import AnyActivation, Hardtanh, Relu
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.inits import Uniform
from tui_dl.spec.models import Cnn, LinearModel, Model
from tui_dl.spec.regularizers import AnyRegularizer, BatchNorm, Dropout, LayerNorm
from tui_dl.spec.wording import number_text

InLayers = Dropout | BatchNorm | LayerNorm
"""Regularizers that stand behind layers."""


def refuse_impossible_models(experiment: Experiment) -> None:
    """Check the model by itself and against the kind of data.

    Raises:
        SpecError: for the first contradiction, with its key and what would work.
    """
    model = experiment.model
    _refuse_both_activations(model)
    for place, activation in enumerate(getattr(model, "activations", ())):
        _refuse_empty_range(activation, f"model.activations[{place}]")
    _refuse_empty_range(getattr(model, "activation", None), "model.activation")
    if isinstance(model.init, Uniform) and model.init.low > model.init.high:
        low, high = number_text(model.init.low), number_text(model.init.high)
        raise SpecError(f"{low} lies above model.init.high, {high}; exchange them.", key="model.init.low")
    if isinstance(model, Cnn) and getattr(experiment.data, "kind", "image") in ("points", "curve"):
        raise SpecError(
            f"cnn takes images, which {experiment.data.name} has none of: use mlp, resnet or linear, "
            "or data of images such as digits.",
            key="model",
        )


def _refuse_both_activations(model: Model) -> None:
    activations = getattr(model, "activations", ())
    if not activations:
        return
    if len(activations) != model.places:
        raise SpecError(
            f"has {len(activations)} items, and {model.places} layers have an activation; give one for each, "
            "or model.activation for all.",
            key="model.activations",
        )
    if getattr(model, "activation", Relu()) != Relu():
        raise SpecError(
            "says another thing than model.activations: give one for all, or a list of all.",
            key="model.activation",
        )


def _refuse_empty_range(activation: AnyActivation | None, key: str) -> None:
    if isinstance(activation, Hardtanh) and activation.low >= activation.high:
        low, high = number_text(activation.low), number_text(activation.high)
        raise SpecError(f"must lie below high: {low} does not lie below {high}.", key=f"{key}.low")


def refuse_misplaced(experiment: Experiment) -> None:
    """Check what stands behind layers: there must be such layers, and one norm at most behind each.

    Raises:
        SpecError: for the first contradiction, with its key and what would work.
    """
    taken: dict[int, str] = {}
    for regularizer in experiment.regularizers:
        if isinstance(regularizer, InLayers):
            _refuse_missing_layers(regularizer, experiment.model)
        if isinstance(regularizer, BatchNorm | LayerNorm):
            for place in layers_in(regularizer, experiment.model):
                if place in taken:
                    raise SpecError(
                        f"layer {place} has {taken[place]} already; a layer has one norm: take one away, or "
                        "give both their layers.",
                        key=f"regularizers.{regularizer.name}",
                    )
                taken[place] = regularizer.name
        if isinstance(regularizer, BatchNorm) and experiment.training.batch_size == 1:
            raise SpecError(
                "a batch of one sample has no statistics to normalise by; use a training.batch_size of 2 or "
                "more, or layer_norm.",
                key="regularizers.batch_norm",
            )


def layers_in(regularizer: InLayers, model: Model) -> tuple[int, ...]:
    """The places that it stands at, in order."""
    return tuple(sorted(set(regularizer.layers))) or tuple(range(model.places))


def _refuse_missing_layers(regularizer: AnyRegularizer, model: Model) -> None:
    assert isinstance(regularizer, InLayers)
    verb = "drop units from" if isinstance(regularizer, Dropout) else "normalise"
    if not model.places:
        linear = isinstance(model, LinearModel)
        what = "the linear model has" if linear else "model.hidden is empty: there is"
        raise SpecError(
            f"{what} no hidden layer to {verb}; use a model with hidden layers or take it away.",
            key=f"regularizers.{regularizer.name}",
        )
    beyond = [place for place in regularizer.layers if place >= model.places]
    if beyond:
        there = f"0 to {model.places - 1}" if model.places > 1 else "only 0"
        raise SpecError(
            f"there is no hidden layer {beyond[0]}; there are {there}.",
            key=f"regularizers.{regularizer.name}.layers",
        )
