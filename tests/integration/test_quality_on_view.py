"""Quality on view, on the small county through the command line: report, loads, charts, card, review."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.commands.tree import build
from tests.county import County
from tests.factories import CANARIES

LARGE = 2**40


def run(county: County, monkeypatch: pytest.MonkeyPatch, *args: str) -> Result:
    monkeypatch.setenv("FAMILY_RECORD_HOME", str(county.deployment.settings.home))
    monkeypatch.setenv("FAMILY_RECORD_MODE", "demo")
    monkeypatch.setenv("FAMILY_RECORD_KEY_FILE", str(county.deployment.settings.key_path))
    return CliRunner().invoke(build(), list(args))


def said(county: County, monkeypatch: pytest.MonkeyPatch, *args: str) -> dict[str, object]:
    done = run(county, monkeypatch, *args, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_the_report_says_what_is_known_without_a_truth(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(county, monkeypatch, "quality", "report")
    completeness = found["completeness"]
    assert isinstance(completeness, dict)
    assert completeness["school-census"]["UPN"] > 0.4
    assert "NHS number" not in completeness["school-census"] or completeness["school-census"]["NHS number"] == 0
    estimated = found["estimated"]
    assert isinstance(estimated, dict)
    assert estimated["precision"]["value"] is None
    assert estimated["asked"] > 0
    pairs = found["dataset_pairs"]
    assert isinstance(pairs, list)
    assert any(pair["both"] > 0 for pair in pairs)
    readable = run(county, monkeypatch, "quality", "report")
    assert readable.exit_code == 0
    assert "not measured yet" in readable.stdout


def test_every_load_tells_how_many_of_its_rows_joined_whom(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = said(county, monkeypatch, "quality", "loads")["loads"]
    assert isinstance(loads, list)
    for load in loads:
        assert load["waiting"] == 0
        assert 0 <= load["alone"] <= load["rows"]
        assert all(count <= load["rows"] - load["alone"] for count in load["joined"].values())
    births = next(load for load in loads if load["dataset"] == "maternity-births")
    assert births["joined"]["community-contacts"] > 0


def test_every_blocking_rule_tells_its_cost_between_data_sets(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(county, monkeypatch, "links", "blocking")
    rules = found["rules"]
    assert isinstance(rules, list)
    assert found["likely"] == sum(rule["likely"] for rule in rules) > 0
    for rule in rules:
        assert rule["likely"] <= rule["new"] <= rule["proposed"]
        assert rule["new"] == sum(pair["new"] for pair in rule["between"])
    readable = run(county, monkeypatch, "links", "blocking", "--between")
    assert "maternity-births × school-census" in readable.stdout or "community-contacts ×" in readable.stdout


def test_charts_need_no_network_and_hold_no_token(
    county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said(county, monkeypatch, "quality", "charts", "-o", str(tmp_path / "charts"))
    names = {path.name for path in (tmp_path / "charts").iterdir()}
    for kind in ("match_weights", "m_u_parameters", "unlinkables", "completeness", "weights_histogram"):
        assert {f"{kind}.html", f"{kind}.json"} <= names
    for path in (tmp_path / "charts").iterdir():
        text = path.read_text("utf-8")
        page = re.sub(r"(?s)<script>.*?</script>", "", text)
        assert not re.search(r"(src|href)=", page)
        assert "jsdelivr" not in text
        assert path.suffix == ".json" or '"editor": false' in text
        assert all(canary not in text for canary in CANARIES)
        if path.suffix == ".json":
            assert not [n for n in numbers(json.loads(text)) if abs(n) > LARGE and n == int(n)]


def numbers(held: object) -> list[float]:
    if isinstance(held, dict):
        return [n for value in held.values() for n in numbers(value)]
    if isinstance(held, list):
        return [n for value in held for n in numbers(value)]
    return [float(held)] if isinstance(held, int | float) and not isinstance(held, bool) else []


def test_the_card_says_what_was_measured_and_what_was_not(
    county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said(county, monkeypatch, "quality", "card", "-o", str(tmp_path / "card.md"))
    text = (tmp_path / "card.md").read_text("utf-8")
    assert "| given | same |" in text
    assert "Not measured: no truth file was given." in text
    assert "Not measured: no pair of the probability sample" in text
    truth = str(county.extracts / "truth_persons.csv")
    groups = str(county.extracts / "truth_groups.csv")
    wanted = ("quality", "card", "-o", str(tmp_path / "card.md"), "--groups", groups)
    assert run(county, monkeypatch, *wanted).exit_code == 2
    said(county, monkeypatch, *wanted, "--truth", truth)
    text = (tmp_path / "card.md").read_text("utf-8")
    assert re.search(r"precision (9\d|100)\.\d\d %", text)
    assert "| names: welsh |" in text
    assert re.search(r"\| age: 0 to 4 \|.* points \|", text)


def test_a_run_tells_how_many_rows_of_new_loads_joined_whom(
    own_county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(own_county, monkeypatch, "link")["loads"] == []


def test_a_steward_answers_from_the_command_line(own_county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = said(own_county, monkeypatch, "review", "list")
    pairs, counts = waiting["pairs"], waiting["counts"]
    assert isinstance(pairs, list)
    assert isinstance(counts, dict)
    first, second = pairs[0]["id"], pairs[1]["id"]
    shown = said(own_county, monkeypatch, "review", "show", first)
    assert shown["answer"] is None
    assert shown["fields"]
    said(own_county, monkeypatch, "review", "answer", first, "different")
    said(own_county, monkeypatch, "review", "answer", second, "unsure")
    after = said(own_county, monkeypatch, "review", "list")["counts"]
    assert after == {**counts, "waiting": counts["waiting"] - 2, "different": counts["different"] + 1, "unsure": 1}
    assert run(own_county, monkeypatch, "review", "answer", first, "same").exit_code == 1
    assert run(own_county, monkeypatch, "review", "list", "--steward", "hv.nobody").exit_code == 4


def test_an_answered_sample_is_measured(own_county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = said(own_county, monkeypatch, "review", "list", "--limit", "60")["pairs"]
    assert isinstance(waiting, list)
    for pair in waiting:
        run(own_county, monkeypatch, "review", "answer", pair["id"], "same" if pair["linked"] else "different")
    estimated = said(own_county, monkeypatch, "quality", "report")["estimated"]
    assert isinstance(estimated, dict)
    assert estimated["answered"] > 0
