"""The user's own data: a table, arrays, or a folder of pictures."""

from typing import Annotated, Literal

from tui_dl.spec.component import described, number
from tui_dl.spec.data.base import Data, Labelled, Normalise, Task, TestShare, ValidationShare

_FILE = "The file, seen from the folder of the experiment's own or, of --set, from where you are"
Target = Annotated[Task, described("What is predicted: a class, or a value")]
_Name = Annotated[str, described("Name of a column", max_length=1000)]
ArrayName = Annotated[
    str, described("Name of an array in the file", max_length=200, examples=["x", "x_train"])
]


class Csv(Data, Labelled, frozen=True, tag="csv"):
    """Your own table as a CSV file: one column is predicted, each word in columns of text is an input."""

    kind = "table"
    source = "your own file: RFC 4180, read by Python's csv"

    path: Annotated[str, described(_FILE, max_length=4096, examples=["table.csv"])] = ""
    target: Annotated[
        str,
        described(
            "The column that is predicted; the last one if empty", max_length=1000, examples=["species"]
        ),
    ] = ""
    task: Target = "classification"
    ignore: Annotated[
        tuple[_Name, ...],
        described("Columns that are left out, such as a number of the line", max_length=1000),
    ] = ()
    separator: Annotated[
        Literal["auto", "comma", "semicolon", "tab", "bar"],
        described("What stands between two values; auto takes what the first line has most of"),
    ] = "auto"
    header: Annotated[bool, described("Whether the first line names the columns")] = True
    missing: Annotated[
        Literal["refuse", "drop", "mean", "median"],
        described(
            "What becomes of values that are missing: an error, the line left out, or the training split's "
            "mean or median; a word that is missing is then a word of its own"
        ),
    ] = "refuse"
    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class Npz(Data, Labelled, frozen=True, tag="npz"):
    """Your own arrays as NumPy saves them: inputs of any shape, classes or values, perhaps a test split."""

    kind = "table"
    source = "your own file: written by numpy.savez"

    path: Annotated[str, described(_FILE, max_length=4096, examples=["arrays.npz"])] = ""
    inputs: ArrayName = "x"
    targets: ArrayName = "y"
    test_inputs: ArrayName = "x_test"
    test_targets: ArrayName = "y_test"
    task: Target = "classification"
    normalise: Normalise = "standard"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0


class ImageFolder(Data, Labelled, frozen=True, tag="image_folder"):
    """Your own pictures: a folder for each class, or folders train and test with these inside."""

    kind = "image"
    source = "your own files, read by Pillow"

    path: Annotated[
        str, described(_FILE.replace("file,", "folder,"), max_length=4096, examples=["pictures"])
    ] = ""
    size: Annotated[
        int, number("Each picture is brought to this width and height", ge=1, le=512, unit="pixels")
    ] = 32
    colour: Annotated[bool, described("Three channels, red, green and blue, instead of one of grey")] = False
    normalise: Normalise = "minmax"
    validation_share: ValidationShare = 0.2
    test_share: TestShare = 0.0
