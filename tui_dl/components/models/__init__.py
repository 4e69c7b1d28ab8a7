"""Models in torch: modules whose parameter names are the same for every experiment."""

from tui_dl.components.models.build import affine_maps, build_model
from tui_dl.components.models.cnn import Cnn
from tui_dl.components.models.mlp import Mlp
from tui_dl.components.models.resnet import ResNet
from tui_dl.components.models.stack import Stack

__all__ = ["Cnn", "Mlp", "ResNet", "Stack", "affine_maps", "build_model"]
