"""Settings of data that make no sense together are refused with the key to change."""

from pathlib import Path

import pytest

from tui_dl.errors import SpecError
from tui_dl.spec.preset import from_toml, load_preset


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            'name = "iris"\nsubset = 121',
            "data.subset: 121 is more than the 120 training samples; 0 uses all.",
        ),
        (
            'name = "iris"\nsubset = 2',
            "data.subset: 2 is less than one for each of the 3 classes; 0 uses all.",
        ),
        (
            'name = "iris"\nclass_weights = [1, 2]',
            "data.class_weights: must be one weight for each of the 3 classes, not 2.",
        ),
        ('name = "iris"\nclass_weights = [0, 0, 0]', "data.class_weights: must have a weight above 0."),
        (
            'name = "iris"\nclass_weights = "even"',
            'data.class_weights: must be one of "balanced", "none" or a list, each item a number '
            'from 0 to 1e6, not "even".',
        ),
        (
            'name = "iris"\nclass_weights = [1, 2, -3]',
            "data.class_weights[2]: must be a number from 0 to 1e6, not -3.",
        ),
        (
            'name = "spiral"\narms = 1\nlabel_noise = 0.1',
            "data.label_noise: needs a second class to mistake a label for.",
        ),
        ('name = "csv"', "data.path: is missing; it must be the path of your csv file."),
        (
            'name = "image_folder"',
            "data.path: is missing; it must be the path of the folder that your pictures are in.",
        ),
        (
            'name = "csv"\npath = "a.csv"\ntask = "regression"\nlabel_noise = 0.1',
            "data.label_noise: is for classes, but the task is regression.",
        ),
        ('name = "line"\nlabel_noise = 0.1', "data.label_noise: line has no such setting"),
        (
            'name = "iris"\ntest_share = 0.9\nvalidation_share = 0.9',
            "data.validation_share: 150 samples with test_share 0.9 and validation_share 0.9 leave 1 "
            "to train, 14 to validate and 135 to test; each needs at least 3, one per class.",
        ),
    ],
)
def test_impossible_data(data: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        from_toml(f'model = "mlp"\n[data]\n{data}', "x.toml")
    assert str(caught.value).startswith(f"x.toml: {message}")


@pytest.mark.parametrize(("task", "loss"), [("classification", "cross_entropy"), ("regression", "mse")])
def test_the_loss_follows_the_task_of_ones_own_data(task: str, loss: str) -> None:
    text = f'model = "mlp"\n[data]\nname = "npz"\npath = "a.npz"\ntask = "{task}"'
    experiment = from_toml(text, "x.toml")
    assert (experiment.data.task, experiment.loss.name) == (task, loss)


def test_relative_places_are_seen_from_the_file_or_from_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    file = tmp_path / "own.toml"
    file.write_text('model = "mlp"\n[data]\nname = "csv"\npath = "sub/a.csv"')

    def path(given: str = "") -> str:
        return str(getattr(load_preset(file, {"data.path": given} if given else {}).data, "path", ""))

    assert path() == str(tmp_path / "sub" / "a.csv")
    assert path("b.csv") == "/b.csv"
    assert path("~/b.csv") == str(Path.home() / "b.csv")
    assert path("/c/d.csv") == "/c/d.csv"


def test_a_test_metric_needs_a_test_split() -> None:
    expect = '\n[[expect]]\nat_end = true\nmetric = "test.accuracy"\nabove = 0.5'
    with pytest.raises(
        SpecError, match=r"needs a test split, and the data \(iris\) has none; set data.test_share"
    ):
        from_toml(f'model = "mlp"\n[data]\nname = "iris"\n{expect}', "x.toml")
    experiment = from_toml(f'model = "mlp"\n[data]\nname = "iris"\ntest_share = 0.2\n{expect}', "x.toml")
    assert experiment.expectations[0].metric == "test.accuracy"


def test_weights_are_a_list_or_a_word() -> None:
    listed = from_toml('model = "mlp"\n[data]\nname = "iris"\nclass_weights = [1, 2, 3]', "x.toml")
    assert getattr(listed.data, "class_weights", None) == (1.0, 2.0, 3.0)
    word = from_toml('model = "mlp"\n[data]\nname = "iris"\nclass_weights = "balanced"', "x.toml")
    assert getattr(word.data, "class_weights", None) == "balanced"
