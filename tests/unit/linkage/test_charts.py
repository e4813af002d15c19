"""What a chart is drawn from: counts and weights that add up."""

import json
from pathlib import Path

import pytest

from linkage.matching import model
from linkage.matching.splink_engine import Chart
from linkage.quality import charts

WEIGHED = [(9.0, True, 10.0), (5.0, True, 10.0), (1.0, False, 10.0), (-1.0, True, 10.0), (-8.0, False, 60.0)]
EXPLAINED = {
    "compared": True, "prior": -10.0, "match_weight": 5.5,
    "fields": [
        {"field": "given", "agreement": "same", "weight": 9.0, "rarity": 1.5},
        {"field": "dob", "agreement": "two parts", "weight": 5.0, "rarity": 0.0},
    ],
}  # fmt: skip


def test_a_threshold_is_told_by_what_stands_above_and_below_it() -> None:
    found = {one["truth_threshold"]: one for one in charts.threshold_records(WEIGHED)}
    assert (found[5.0]["tp"], found[5.0]["fp"], found[5.0]["fn"], found[5.0]["tn"]) == (20, 0, 10, 70)
    assert found[1.0]["precision"] == pytest.approx(2 / 3)
    assert found[-8.0]["recall"] == 1.0
    assert found[-8.0]["fp_rate"] == 1.0


def test_a_waterfall_adds_up_and_holds_no_value() -> None:
    bars = charts.waterfall_records(EXPLAINED)
    assert sum(bar["log2_bayes_factor"] for bar in bars[:-1]) == pytest.approx(bars[-1]["log2_bayes_factor"])
    assert {bar["value_l"] for bar in bars} == {""}


def test_unlinkable_shares_add_up_to_all() -> None:
    curve = [{"match_weight": -1.0, "share": 0.25}, {"match_weight": 8.0, "share": 1.0}]
    assert [one["prop"] for one in charts.unlinkable_records(curve)] == [0.25, 0.75]


def test_every_chart_that_can_be_drawn_is_saved_and_no_other(tmp_path: Path) -> None:
    settings = model.settings({"given", "family", "dob"}, [], 0.001)
    facts = {
        "completeness": [{"dataset": "a", "field": "sex", "records": 4, "filled": 3},
                         {"dataset": "a", "field": "UPN", "records": 4, "filled": 0}],
        "unlinkables": [{"match_weight": 8.0, "share": 1.0}],
        "weights": [{"low": 3.0, "pairs": 5, "linked": 4}],
    }  # fmt: skip
    written = charts.save(tmp_path, charts.of_run(settings, facts, WEIGHED, EXPLAINED))
    assert {path.stem for path in written} == {str(kind) for kind in Chart}
    drawn = json.loads((tmp_path / "completeness.json").read_text("utf-8"))
    assert [one["column_name"] for one in drawn["data"]["values"]] == ["sex"]
    assert list(charts.of_run({}, {}, [])) == []


def test_a_page_is_whole_and_sends_nothing_elsewhere(tmp_path: Path) -> None:
    charts.save(tmp_path, iter([(Chart.WATERFALL, charts.waterfall_records(EXPLAINED))]))
    page = (tmp_path / "waterfall.html").read_text("utf-8")
    assert '"editor": false' in page
    assert "jsdelivr" not in page
