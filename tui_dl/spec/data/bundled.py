"""Small data sets that come with scikit-learn: there at once, without a network."""

from tui_dl.spec.data.base import Data, Labelled, Normalise, Sampled, TestShare, ValidationShare


class Digits(Data, Labelled, frozen=True, tag="digits"):
    """1797 handwritten digits, 8x8 grey levels, ten classes; bundled with scikit-learn."""

    kind = "image"
    source = "sklearn.datasets.load_digits"
    fixed_samples = 1797
    fixed_classes = 10

    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Iris(Data, Labelled, frozen=True, tag="iris"):
    """150 irises of three species by four lengths in cm (Fisher, 1936); bundled with scikit-learn."""

    kind = "table"
    source = "sklearn.datasets.load_iris"
    fixed_samples = 150
    fixed_classes = 3

    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Wine(Data, Labelled, frozen=True, tag="wine"):
    """178 wines of three growers by 13 chemical measures of unlike size; bundled with scikit-learn."""

    kind = "table"
    source = "sklearn.datasets.load_wine"
    fixed_samples = 178
    fixed_classes = 3

    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class BreastCancer(Data, Labelled, frozen=True, tag="breast_cancer"):
    """569 tumours, malignant or benign, by 30 measures of their cells; bundled with scikit-learn."""

    kind = "table"
    source = "sklearn.datasets.load_breast_cancer"
    fixed_samples = 569
    fixed_classes = 2

    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Diabetes(Data, Sampled, frozen=True, tag="diabetes"):
    """442 patients' diabetes after a year, 25 to 346, by ten measures; bundled with scikit-learn."""

    fixed_task = "regression"
    kind = "table"
    source = "sklearn.datasets.load_diabetes"
    fixed_samples = 442

    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0
