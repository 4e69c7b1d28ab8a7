import math

from tui_dl.report.charts import Chart, Curve, draw


def _drawn(chart: Chart) -> str:
    return draw(chart, columns=60, rows=10, colour=False)


def test_a_chart_has_its_title_labels_and_size() -> None:
    curves = (Curve("train", [1, 2, 3], [3.0, 2.0, 1.0]), Curve("validation", [1, 3], [3.0, 2.0]))
    lines = draw(Chart("loss", curves, marks=(2.0,)), columns=60, rows=12, colour=False).splitlines()
    assert len(lines) == 12
    assert max(map(len, lines)) <= 60
    assert "loss" in lines[0]
    assert any("train" in line for line in lines)
    assert any("validation" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_what_is_not_finite_or_not_positive_on_a_log_axis_is_left_out() -> None:
    curve = Curve("loss", [1, 2, 3, 4], [math.nan, math.inf, 0.0, 0.5])
    assert "0.5" in draw(Chart("loss", (curve,), logarithmic=True), columns=60, rows=10, colour=False)
    nothing = Curve("loss", [1], [math.nan])
    assert (
        draw(Chart("loss", (nothing,)), columns=60, rows=10, colour=False) == "loss: nothing finite to draw"
    )


def test_one_chart_leaves_nothing_to_the_next() -> None:
    draw(
        Chart("first", (Curve("alpha", [1, 2], [1.0, 2.0]),), marks=(1.5,)), columns=60, rows=10, colour=False
    )
    second = draw(Chart("second", (Curve("beta", [1, 2], [1.0, 2.0]),)), columns=60, rows=10, colour=False)
    assert "alpha" not in second
    assert "first" not in second
    assert "┊" not in second
