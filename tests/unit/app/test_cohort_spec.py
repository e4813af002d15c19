"""What a cohort document may say."""

import json
import re
from pathlib import Path

import pytest
import yaml

from app.cohorts.question import Criterion, Geography
from app.cohorts.spec import QuestionRefused, read_question
from linkage.rows import EventStatus

DOCS = Path(__file__).parents[3] / "docs" / "cohort-questions.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)

GOOD = {
    "cohort": "1",
    "title": "Reviews",
    "project": "readiness",
    "population": {
        "born": {"from": "2022-09", "to": "2023-08"},
        "resident": {"geography": "ward"},
        "has": [{"event": "two_year_review", "within_months": {"from": "22", "to": "32"}}],
    },
    "group_by": "ward",
}


def test_the_documents_examples_can_be_asked() -> None:
    first, second = (read_question(text) for text in EXAMPLES)
    assert first.has == (Criterion("two_year_review", (EventStatus.HAPPENED,), 22, 32),)
    assert (first.born_from, first.group_by) == ("2022-09", Geography.WARD)
    assert second.has_not[0].event == "early_help_plan"
    assert all(len(text.splitlines()) <= 40 for text in EXAMPLES)


def test_json_and_yaml_ask_the_same_question() -> None:
    assert read_question(json.dumps(GOOD)) == read_question(yaml.safe_dump(GOOD))


def test_the_hash_is_of_what_is_asked() -> None:
    reordered = dict(reversed(GOOD.items()))
    assert read_question(json.dumps(GOOD)).hash == read_question(json.dumps(reordered)).hash
    other = GOOD | {"group_by": "locality"}
    assert read_question(json.dumps(GOOD)).hash != read_question(json.dumps(other)).hash


SECRET = "9990000018"
WRONG = {
    "an identifier to look for": {"population": GOOD["population"] | {"nhs_number": SECRET}},  # type: ignore[operator]
    "a field named so": {SECRET: "x"},
    "a day": {"population": GOOD["population"] | {"born": {"from": "2022-09-01", "to": SECRET}}},  # type: ignore[operator]
    "months back to front": {"population": GOOD["population"] | {"born": {"from": "2023-08", "to": "2022-09"}}},  # type: ignore[operator]
    "no residence": {"population": {"born": {"from": "2022-09", "to": "2023-08"}}},
    "no window": {"population": {"resident": {"geography": "ward"}}},
    "an event unknown": {
        "population": GOOD["population"]  # type: ignore[operator]
        | {"has": [{"event": SECRET, "within_months": {"from": "1", "to": "2"}}]}
    },
    "a postcode to group by": {"group_by": "postcode"},
    "residence by nation": {"population": GOOD["population"] | {"resident": {"geography": "nation"}}},  # type: ignore[operator]
    "another version": {"cohort": "2"},
    "no such profile": {"disclosure": SECRET},
    "a list": {"population": [SECRET]},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_anything_else_is_refused_without_repeating_it(change: dict[str, object]) -> None:
    with pytest.raises(QuestionRefused) as refused:
        read_question(json.dumps(GOOD | change, indent=1))
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert all(problem.line >= 1 for problem in refused.value.problems)


@pytest.mark.parametrize("text", ["", "[", "a: &x 1\nb: *x", "just words", "x" * 30_000, "- 1", "{a: 9990000018"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(QuestionRefused) as refused:
        read_question(text)
    assert SECRET not in str(refused.value)
