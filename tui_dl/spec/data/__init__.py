"""Data: what the network learns from. Points, images, curves and tables, split into train and validation."""

from tui_dl.spec.data.base import Data
from tui_dl.spec.data.bundled import BreastCancer, Diabetes, Digits, Iris, Wine
from tui_dl.spec.data.curves import Heteroscedastic, Line, Sine
from tui_dl.spec.data.downloads import Cifar10, Downloaded, FashionMnist, Mnist
from tui_dl.spec.data.own_files import Csv, ImageFolder, Npz
from tui_dl.spec.data.points import Blobs, Circles, Moons, Spiral, Xor

__all__ = [
    "AnyData",
    "Blobs",
    "BreastCancer",
    "Cifar10",
    "Circles",
    "Csv",
    "Data",
    "Diabetes",
    "Digits",
    "Downloaded",
    "FashionMnist",
    "Heteroscedastic",
    "ImageFolder",
    "Iris",
    "Line",
    "Mnist",
    "Moons",
    "Npz",
    "Sine",
    "Spiral",
    "Wine",
    "Xor",
]

AnyData = (
    Digits
    | Iris
    | Wine
    | BreastCancer
    | Diabetes
    | Spiral
    | Moons
    | Circles
    | Blobs
    | Xor
    | Line
    | Sine
    | Heteroscedastic
    | Mnist
    | FashionMnist
    | Cifar10
    | Csv
    | Npz
    | ImageFolder
)
