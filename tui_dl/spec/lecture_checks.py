"""Scenes, variants and expectations against the experiment that they speak of."""

from collections.abc import Callable, Mapping

from tui_dl.errors import SpecError
from tui_dl.spec.data.sizes import has_test_split
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Expectation, Reference
from tui_dl.spec.metrics import MetricInfo, metric_info, nearest_metrics
from tui_dl.spec.wording import joined, shown, suggestion


def refuse_misnumbered_and_misnamed(experiment: Experiment) -> None:
    """Check translations' scene numbers and variants' names.

    Raises:
        SpecError: for the first mistake.
    """
    _translations(experiment)
    _variant_names(experiment)


def refuse_impossible_expectations(experiment: Experiment, variants: Mapping[str, Experiment]) -> None:
    """Check each expectation, its metric against the base or the variant that it speaks of.

    Args:
        experiment: the base, with all expectations.
        variants: what each variant trains, by name.

    Raises:
        SpecError: for the first mistake.
    """
    for index, expectation in enumerate(experiment.expectations):
        key = f"expect[{index}]"
        for check in _EXPECTATION_CHECKS:
            check(experiment, expectation, key)
        _metric(variants.get(expectation.variant or "", experiment), expectation, f"{key}.metric")


def _translations(experiment: Experiment) -> None:
    count = len(experiment.scenes)
    there = "is none" if count == 0 else "is only 1" if count == 1 else f"are 1 to {count}"
    for language, words in experiment.lecture.translations.items():
        for number in words.scenes:
            if number not in map(str, range(1, count + 1)):
                key = joined(joined(joined("lecture", language), "scenes"), number)
                raise SpecError(f"no such scene; there {there}.", key=key)


def _variant_names(experiment: Experiment) -> None:
    names: list[str] = []
    for index, variant in enumerate(experiment.variants):
        key = f"variant[{index}].name"
        if not variant.name.strip():
            raise SpecError("must not be empty.", key=key)
        if variant.name in names:
            raise SpecError(f"{shown(variant.name)} is also variant[{names.index(variant.name)}].", key=key)
        names.append(variant.name)


def _known_variant(experiment: Experiment, name: str | None, key: str) -> None:
    names = [variant.name for variant in experiment.variants]
    if name is not None and name not in names:
        there = f"there are {', '.join(map(shown, names))}" if names else "there is none"
        raise SpecError(f"no variant is called {shown(name)}; {there}.{suggestion(name, names)}", key=key)


def _metric(experiment: Experiment, expectation: Expectation, key: str) -> None:
    info = metric_info(expectation.metric)
    if info is None:
        near = nearest_metrics(expectation.metric)
        meant = f" Did you mean {' or '.join(map(shown, near))}?" if near else ""
        problem = (
            f"nothing is measured under {shown(expectation.metric)}; `tui-dl list metrics` shows all names."
        )
        raise SpecError(problem + meant, key=key)
    _metric_belongs(experiment, info, key)


def _metric_belongs(experiment: Experiment, info: MetricInfo, key: str) -> None:
    data, model = experiment.data, experiment.model
    name = shown(info.name)
    if data.task not in info.tasks:
        problem = (
            f"{name} is a metric of {' and '.join(info.tasks)}, but the data ({data.name}) is {data.task}."
        )
        raise SpecError(problem, key=key)
    if info.data and data.name not in info.data:
        raise SpecError(
            f"{name} is measured on {' and '.join(info.data)} alone, not on {data.name}.", key=key
        )
    if info.name.startswith("test.") and has_test_split(data) is False:
        raise SpecError(
            f"{name} needs a test split, and the data ({data.name}) has none; set data.test_share above 0.",
            key=key,
        )
    if info.models and model.name not in info.models:
        raise SpecError(
            f"{name} is measured of {' and '.join(info.models)} alone, not of {model.name}.", key=key
        )


def _moment(experiment: Experiment, expectation: Expectation, key: str) -> None:
    if (expectation.at_step is not None) == expectation.at_end:
        both = "has both at_step and at_end" if expectation.at_end else "says not when"
        raise SpecError(f"{both}; it needs exactly one of at_step = N and at_end = true.", key=key)


def _bounds(experiment: Experiment, expectation: Expectation, key: str) -> None:
    given = [name for name in ("above", "below", "near") if getattr(expectation, name) is not None]
    if len(given) != 1:
        has = f"has {' and '.join(given)}" if given else "has no bound"
        raise SpecError(f"{has}; it needs exactly one of above, below and near.", key=key)
    if expectation.near is not None and expectation.tolerance is None:
        raise SpecError("near needs a tolerance.", key=f"{key}.tolerance")
    if expectation.near is None and expectation.tolerance is not None:
        raise SpecError(f"belongs to near, not to {given[0]}.", key=f"{key}.tolerance")


def _variants(experiment: Experiment, expectation: Expectation, key: str) -> None:
    _known_variant(experiment, expectation.variant, f"{key}.variant")
    for name in ("above", "below", "near"):
        bound = getattr(expectation, name)
        if isinstance(bound, Reference):
            _reference(experiment, expectation, bound, f"{key}.{name}")


def _reference(experiment: Experiment, expectation: Expectation, bound: Reference, key: str) -> None:
    if bound.variant is None and bound.at_step is None:
        raise SpecError("compares with nothing; give variant or at_step.", key=key)
    _known_variant(experiment, bound.variant, f"{key}.variant")
    same_run = bound.variant is None or bound.variant == expectation.variant
    same_step = bound.at_step is None or bound.at_step == expectation.at_step
    if same_run and same_step:
        raise SpecError("compares the metric with itself.", key=key)


_EXPECTATION_CHECKS: tuple[Callable[[Experiment, Expectation, str], None], ...] = (
    _moment,
    _bounds,
    _variants,
)
