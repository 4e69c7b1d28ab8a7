"""docs/claims.md: each preset has its lines there, and they say what the presets expect."""

import re

from tests.claims import CLAIMS, DOCUMENT, FOOT, HEAD, presets_with_a_claim
from tui_dl.spec.preset import load_preset

ROW = re.compile(
    r"^\| (?:`(?P<name>[a-z0-9-]+)`)? \| (?P<claim>.*?) \| (?P<what>`.*) \| (?P<kept>.*) \| .* \| .* \|$"
)


def rows() -> dict[str, list[re.Match[str]]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    found: dict[str, list[re.Match[str]]] = {}
    name = ""
    assert text.endswith(FOOT)
    for line in text.removeprefix(HEAD).removesuffix(FOOT).splitlines():
        row = ROW.match(line)
        assert row, line
        name = row["name"] or name
        found.setdefault(name, []).append(row)
    return found


def test_every_preset_that_claims_something_is_there() -> None:
    assert list(rows()) == list(CLAIMS)
    assert sorted(CLAIMS) == presets_with_a_claim()
    assert {name: lines[0]["claim"] for name, lines in rows().items()} == CLAIMS


def test_what_was_measured_is_what_is_expected_and_within_its_bounds() -> None:
    for name, lines in rows().items():
        expected = load_preset(name).expectations
        for line in lines:
            metric = re.match("`([^`]+)`", line["what"])
            assert metric
            about = [each for each in expected if each.metric == metric[1]]
            assert about, f"{name} expects nothing of {metric[1]}"
            step = re.search(r"at step (\d+)", line["what"])
            assert step
            about = [each for each in about if each.at_end or each.at_step == int(step[1])]
            assert about, f"{name}: {line['what']}"
            value = float(line["kept"])
            for each in about:
                if each.variant is None and isinstance(each.above, float):
                    assert value > each.above
                if each.variant is None and isinstance(each.below, float):
                    assert value < each.below
