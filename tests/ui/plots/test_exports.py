"""Exports: pictures that other programs read, exact numbers, and words for what went wrong."""

import csv
import errno
import io
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tui_dl.history import SeriesStore
from tui_dl.ui.plots.export_csv import csv_of
from tui_dl.ui.plots.export_files import ExportError, export_folder, export_name, write_export
from tui_dl.ui.plots.export_picture import HEIGHT, WIDTH, Picture, Stroke, Words, lay_out
from tui_dl.ui.plots.export_png import PIXELS_PER_POINT, png_of
from tui_dl.ui.plots.export_svg import svg_of
from tui_dl.ui.plots.plot_data import PlotData, PlotMark, PlotSeries
from tui_dl.ui.plots.scales import SCALES, Scale
from tui_dl.ui.plots.x_units import XMap, x_map

STEPS = np.arange(1.0, 201.0)
SVG = "{http://www.w3.org/2000/svg}"


def plot_data(**more: object) -> PlotData:
    noisy = 2.0 * np.exp(-STEPS / 40) * (1 + 0.2 * np.sin(STEPS * 2.3))
    return PlotData(
        "loss <train & validation>",
        (
            PlotSeries.from_points("train", 0, STEPS, noisy, smoothing=10.0),
            PlotSeries.from_points("validation", 1, STEPS[19::20], np.full(10, 0.9), dash="marked"),
            PlotSeries.from_points("undone", 0, STEPS[100:], np.full(100, 0.5), is_ghost=True),
        ),
        (PlotMark(80.0, "lr 0.1 → 0.2"), PlotMark(150.0, "non-finite loss", is_fault=True)),
        x_range=(0.0, 250.0),
        x_label="epoch: all",
        **more,  # type: ignore[arg-type]
    )


def words_of(picture: Picture) -> list[str]:
    return [shape.text for shape in picture.shapes if isinstance(shape, Words)]


@pytest.mark.parametrize("scale", SCALES)
def test_an_svg_is_a_drawing_with_all_that_the_plot_says(scale: Scale) -> None:
    root = ET.fromstring(svg_of(lay_out(plot_data(remark="smooth 10"), scale), "loss of a run"))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    for words in ("loss <train & validation>", "lr 0.1 → 0.2", "non-finite loss", "epoch", "undone"):
        assert words in texts
    assert any(text and text.startswith("train  ") for text in texts)
    # Curves are paths of many points, not rows of letters.
    longest = max((element.get("d", "") for element in root.iter(f"{SVG}path")), key=len)
    assert longest.count("L") > 100
    assert len(list(root.iter(f"{SVG}circle"))) == 10
    assert root.find(f"{SVG}title") is not None
    assert "http" not in "".join(value for element in root.iter() for value in element.attrib.values())


def test_a_png_has_the_same_drawing_in_its_colours() -> None:
    image = Image.open(io.BytesIO(png_of(lay_out(plot_data(), "linear"), "loss of a run")))
    image.load()
    assert image.size == (WIDTH * PIXELS_PER_POINT, HEIGHT * PIXELS_PER_POINT)
    assert image.info["Title"] == "loss of a run"
    colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    assert (255, 255, 255) in colours
    # The two series' colours on a light ground, of Okabe and Ito.
    assert {(0, 114, 178), (213, 94, 0)} <= colours


def test_a_picture_has_a_gap_where_a_value_was_not_finite() -> None:
    ys = np.ones(200)
    ys[99] = np.nan
    data = PlotData("x", (PlotSeries.from_points("a", 0, STEPS, ys),), x_range=(0.0, 200.0))
    strong = [
        shape for shape in lay_out(data, "linear").shapes if isinstance(shape, Stroke) and shape.width == 1.8
    ]
    assert len(strong) == 2
    assert strong[0].points[-1][0] < strong[1].points[0][0]


@given(st.lists(st.floats(), max_size=60), st.sampled_from(SCALES), st.sampled_from([0.0, 5.0]))
def test_no_data_break_a_picture(values: list[float], scale: Scale, smoothing: float) -> None:
    xs = np.arange(1.0, len(values) + 1)
    series = PlotSeries.from_points("train", 0, xs, np.array(values, dtype=np.float64), smoothing=smoothing)
    data = PlotData("loss", (series,), (PlotMark(3, "\x1b[31m"),), x_range=(0.0, 70.0))
    picture = lay_out(data, scale)
    ET.fromstring(svg_of(picture, "x"))
    for shape in picture.shapes:
        points = shape.points if isinstance(shape, Stroke) else ()
        assert np.isfinite(points).all()


def store_of(rows: int, ring: int = 64) -> tuple[SeriesStore, np.ndarray]:
    store = SeriesStore(ring_points=ring, buckets=16)
    steps = np.arange(1, rows + 1)
    values = np.sin(steps * 0.37) / 3
    store.append(0, steps, {"loss": values, "samples_seen": steps * 10.0})
    return store, values


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_csv_gives_every_held_number_exactly() -> None:
    store, values = store_of(50)
    rows = rows_of(csv_of(store, ["loss"], (0.0, 100.0), XMap()))
    assert [float(row["mean"]) for row in rows] == values.tolist()
    assert [int(row["first_step"]) for row in rows] == list(range(1, 51))
    assert all(row["first_step"] == row["last_step"] and row["low"] == row["high"] for row in rows)


def test_csv_of_older_steps_has_buckets_that_hold_every_value() -> None:
    store, values = store_of(5000)
    rows = rows_of(csv_of(store, ["loss"], (0.0, 5000.0), XMap()))
    assert sum(int(row["finite"]) for row in rows) == 5000
    for row in rows:
        part = values[int(row["first_step"]) - 1 : int(row["last_step"])]
        assert float(row["low"]) <= part.min()
        assert part.max() <= float(row["high"])
        assert float(row["mean"]) == pytest.approx(part.mean())


def test_csv_keeps_to_what_is_shown_and_to_its_unit() -> None:
    store, _ = store_of(50)
    samples = x_map(store, "samples", store.live(), 1000)
    rows = rows_of(csv_of(store, ["loss"], (100.0, 200.0), samples))
    assert [int(row["first_step"]) for row in rows] == list(range(10, 21))
    assert [float(row["samples"]) for row in rows] == [10.0 * step for step in range(10, 21)]


def test_csv_names_what_was_undone_and_leaves_out_what_is_not_finite() -> None:
    store, _ = store_of(50)
    store.branch(1, 0, 30)
    store.append(1, [31, 32], {"loss": [np.nan, 0.5]})
    rows = rows_of(csv_of(store, ["loss"], (0.0, 100.0), XMap()))
    live = [row for row in rows if row["curve"] == "live"]
    assert len(live) == 32
    assert (live[-2]["mean"], live[-2]["not_finite"]) == ("", "1")
    assert len([row for row in rows if row["curve"] == "undone"]) == 20


def test_an_export_never_replaces_another(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    paths = [write_export(folder, "loss-step-3.svg", content) for content in (b"one", b"two", b"three")]
    assert [path.name for path in paths] == ["loss-step-3.svg", "loss-step-3-2.svg", "loss-step-3-3.svg"]
    assert [path.read_bytes() for path in paths] == [b"one", b"two", b"three"]
    assert len(list(folder.iterdir())) == 3


def test_a_full_disk_is_said_with_the_files_name_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as stream:
            stream.write(content[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ExportError, match=r"loss\.svg: can't be written: No space left on device"):
        write_export(tmp_path, "loss.svg", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file in its place")
    with pytest.raises(ExportError, match="exports"):
        write_export(tmp_path / "exports", "loss.svg", b"content")


def test_names_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert export_name("gradient norm", 12, "svg") == "gradient-norm-step-12.svg"
    assert export_name("../../etc/passwd", 1, "csv") == "etc-passwd-step-1.csv"
    assert export_name("///", 1, "png") == "plot-step-1.png"
    monkeypatch.chdir(tmp_path)
    assert export_folder(str(tmp_path)) == tmp_path / "exports"
    for path in ("", str(tmp_path / "gone")):
        assert export_folder(path) == tmp_path
