"""Valid experiments out of thin air, drawn from the Structs themselves."""

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from tui_dl.errors import SpecError
from tui_dl.spec.catalogue import component_class
from tui_dl.spec.component import component_name
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import choices_of, described_by, fields_of, list_choices_of, plain
from tui_dl.spec.training import Training
from tui_dl.spec.validate import experiment_from_tree

SMALL = """
[data]
name = "digits"
[model]
name = "mlp"
"""

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=30
)


def values(node: inspect.Type) -> st.SearchStrategy[Any]:
    """Values that a place allows, as TOML would hold them."""
    bare = plain(node)
    choices = choices_of(bare)
    if choices is not None:
        return st.one_of([tables(cls) for cls in choices.values()])
    named = list_choices_of(bare)
    if named is not None:
        return st.lists(
            st.one_of([tables(cls) for cls in named.values()]), unique_by=lambda each: each["name"]
        )
    match bare:
        case inspect.IntType(ge=ge, le=le):
            return st.integers(ge, le)
        case inspect.FloatType(ge=ge, gt=gt, le=le, lt=lt):
            low, high = (ge if gt is None else gt), (le if lt is None else lt)
            return st.floats(low, high, exclude_min=gt is not None, exclude_max=lt is not None)
        case inspect.BoolType():
            return st.booleans()
        case inspect.LiteralType(values=options):
            return st.sampled_from(options)
        case inspect.StrType(pattern=pattern):
            return TEXTS if pattern is None else st.sampled_from(described_by(node)[2])
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=4)
        case inspect.UnionType(types=types):
            return st.one_of([values(each) for each in types])
        case _:
            raise AssertionError(f"no values for {bare}")


def tables(cls: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with some of a Struct's fields."""
    names = {"name": st.just(component_name(cls))} if cls.__struct_config__.tag is not None else {}
    optional = {name: values(field.type) for name, field in fields_of(cls).items()}
    return st.fixed_dictionaries(names, optional=optional)


@st.composite
def lectures(draw: st.DrawFn) -> dict[str, Any]:
    """Notes, scenes and their translations."""
    scenes = draw(
        st.lists(
            st.fixed_dictionaries(
                {"at_step": st.integers(0, 1000)}, optional={"note": TEXTS, "pace": st.floats(0, 100)}
            ),
            max_size=3,
        )
    )
    numbers = [str(number) for number in range(1, len(scenes) + 1)]
    words = st.fixed_dictionaries(
        {},
        optional={
            "title": TEXTS,
            "notes": TEXTS,
            "scenes": st.dictionaries(st.sampled_from(numbers), TEXTS) if numbers else st.just({}),
        },
    )
    languages = draw(st.dictionaries(st.sampled_from(["ko", "de", "pt-BR"]), words))
    return {"scene": scenes, "lecture": {"notes": draw(TEXTS), **languages}}


EXPECTATIONS = st.lists(
    st.sampled_from(
        [
            {"metric": "validation.loss", "at_step": 3, "below": 1.5},
            {"metric": "layers.0.grad_norm", "at_end": True, "above": -2.25},
            {"metric": "train.mse", "at_step": 3, "near": 1, "tolerance": 0.1, "variant": "other"},
            {"metric": "lr", "at_step": 9, "above": {"variant": "other", "times": 1.5}},
            {"metric": "grad_norm", "at_step": 9, "below": {"at_step": 2}},
        ]
    ),
    max_size=3,
)

VARIANT = {"name": "other", "set": {"training": {"batch_size": 7}, "optimizer": "rmsprop"}}
SCRIPT = [{"at_step": 5, "set": {"training.batch_size": 8}, "state": "fresh", "warmup_steps": 3}]


MENDED = {
    "data": "digits",
    "model": "mlp",
    "regularizers": [],
    "optimizer": "adam",
    "schedule": "constant",
    "variant": [VARIANT],
}


def _fit_training(training: dict[str, Any]) -> None:
    """Gradients that are not reset are refused with scaled ones."""
    if training.get("precision") == "float16":
        training.pop("zero_grad", None)


def _fit_activations(model: dict[str, Any]) -> None:
    """Where activations are given one by one, give as many as there are places."""
    given = model.get("activations")
    if given:
        cls = component_class("model", model["name"])
        sizes = {name: model[name] for name in ("hidden", "channels", "blocks") if name in model}
        model["activations"] = [given[place % len(given)] for place in range(cls(**sizes).places)]  # type: ignore[attr-defined]
        model.pop("activation", None)


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Valid experiments of every kind; contradictory ones are mended rather than thrown away."""
    tree = draw(
        st.fixed_dictionaries(
            {name: values(fields_of(Experiment)[name].type) for name in ("data", "model")},
            optional={
                **{
                    name: values(fields_of(Experiment)[name].type)
                    for name in ("optimizer", "schedule", "seed")
                },
                "regularizers": values(fields_of(Experiment)["regularizers"].type),
                "training": tables(Training),
                "title": TEXTS,
                "summary": TEXTS,
                "expect": EXPECTATIONS,
                "script": st.just(SCRIPT),
            },
        )
    )
    _fit_activations(tree["model"])
    _fit_training(tree.get("training", {}))
    tree |= draw(lectures())
    if any(
        expectation.get("variant") or isinstance(expectation.get("above"), dict)
        for expectation in tree.get("expect", [])
    ):
        tree["variant"] = [VARIANT]
    for mend in ("data", "regularizers", "model", "optimizer", "schedule", "variant"):
        try:
            return experiment_from_tree(tree)
        except SpecError:
            tree[mend] = MENDED[mend]
    return experiment_from_tree(tree)
