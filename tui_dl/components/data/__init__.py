"""Data in torch: the splits of each data set, scaled, whole and in memory."""

from tui_dl.components.data import bundled as _bundled
from tui_dl.components.data import csv_samples as _csv
from tui_dl.components.data import curves as _curves
from tui_dl.components.data import downloaded as _downloaded
from tui_dl.components.data import image_samples as _images
from tui_dl.components.data import npz_samples as _npz
from tui_dl.components.data import points as _points
from tui_dl.components.data.curves import true_deviation
from tui_dl.components.data.downloaded import have_files
from tui_dl.components.data.loading import load_data
from tui_dl.components.data.samples import draw_samples
from tui_dl.components.data.scaling import Scaling
from tui_dl.components.data.splits import DataSplits, Split

__all__ = ["DataSplits", "Scaling", "Split", "draw_samples", "have_files", "load_data", "true_deviation"]

# Each registers how its data sets are drawn.
_BUILDERS = (_bundled, _csv, _curves, _downloaded, _images, _npz, _points)
