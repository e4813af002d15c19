"""Dataset specs: every fault named with its line and field; the published schema says what the code accepts."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from linkage.catalogue import catalogue
from linkage.intake.spec import SpecError, builtin_specs, json_schema, load_spec, parse_spec, schema_path, schema_text
from linkage.rows import EventStatus, Sex

MINIMAL = """\
dataset: birds
provider: Hafan Family Support
record_id: id
identifiers: {given_name: Forename, date_of_birth: Born, address: [Line 1, Line 2], postcode: {column: PC, format: any}}
"""
FULL = """\
dataset: births
provider: {code: ZMH, name: Marlshire Maternity, kind: nhs, nation: England}
record_id: [Site, ID]
version: 2
title: {en: Births, cy: Genedigaethau}
standard: MSDS v2.0
file: {format: csv, encoding: windows-1252, delimiter: ";", header_row: 2}
load: snapshot
one_row_per_person: true
required: [ID]
people:
  mother: {nhs_number: M, family_name: {column: MN, part: last}, sex: {column: S, codes: {01: female}}}
  baby: {unborn: true, local_id: P}
ties:
  - {from: mother, relation: birth_mother, to: baby, standing: confirmed, since: D, category: family,
     only_if: {column: M, present: true}}
events:
  - type: birth
    person: baby
    about: mother
    when: {column: D, format: ["%d/%m/%Y", "%Y-%m-%d"]}
    until: U
    precision: month
    status: {column: ST, codes: {5: happened, No: missed}}
    organisation: {value: ZMH}
    service: maternity
    category: birth
    values:
      weeks: {column: W, type: integer, min: 1, max: 45}
      weight: {column: KG, type: decimal}
      first: {column: F, type: boolean}
      feed: {column: FD, codes: {01: breast_milk, Yes: formula}}
      fed: {column: FD, code_list: breastfeeding_status}
    only_if: {column: K, not: [A, 01]}
involvements:
  - {service: maternity, category: maternity, person: mother, team: T, professional: {value: Duty desk}, role: R,
     accountable: A, telephone: {column: TEL}, since: D, until: U, organisation: {column: O}}
coverage: {from: 2019-04-01, to: 2026-03-31, areas: [E01, 7], population: All births, services: [maternity]}
"""


def _faults(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    return [(problem.line, problem.field, problem.message) for problem in caught.value.problems]


def test_four_keys_make_a_spec() -> None:
    spec = parse_spec(MINIMAL)
    assert spec.provider.code == "Hafan Family Support"
    assert set(spec.people) == {"self"}
    assert spec.columns() == ("id", "Forename", "Born", "Line 1", "Line 2", "PC")
    assert (spec.load, spec.one_row_per_person, spec.events, spec.coverage) == ("delta", False, (), None)


def test_a_full_spec_reads_as_written() -> None:
    spec = parse_spec(FULL)
    assert spec.people["mother"].sex is not None
    assert spec.people["mother"].sex.codes == {"01": Sex.FEMALE}
    event = spec.events[0]
    assert event.status.codes == {"5": EventStatus.HAPPENED, "No": EventStatus.MISSED}
    assert event.values["feed"].code_table() == {"01": "breast_milk", "Yes": "formula"}
    assert event.only_if is not None
    assert event.only_if.not_ == ("A", "01")
    assert spec.coverage is not None
    assert (spec.coverage.from_, spec.coverage.areas) == (date(2019, 4, 1), ("E01", "7"))
    assert set(spec.columns()) == {
        "Site",
        "ID",
        "M",
        "MN",
        "S",
        "P",
        "D",
        "U",
        "ST",
        "W",
        "KG",
        "F",
        "FD",
        "K",
        "T",
        "R",
        "A",
        "TEL",
        "O",
    }


def test_people_named_self_is_what_identifiers_means() -> None:
    short, long = MINIMAL, MINIMAL.replace("identifiers: {", "people: {self: {") + "}"
    assert parse_spec(short).digest() == parse_spec(long.replace("any}}\n}", "any}}}")).digest()


def test_the_digest_follows_the_meaning_and_not_the_layout() -> None:
    spec = parse_spec(MINIMAL)
    assert spec.digest() == parse_spec("# note\n" + MINIMAL.replace("Forename", "{column: Forename}")).digest()
    assert spec.digest() != parse_spec(MINIMAL.replace("PC,", "Postcode,")).digest()
    assert re.fullmatch("[0-9a-f]{64}", spec.digest())


def test_empty_sections_are_as_if_absent() -> None:
    text = MINIMAL + "events:\ninvolvements: []\nties: ~\ncoverage:\n"
    assert parse_spec(text).digest() == parse_spec(MINIMAL).digest()


@pytest.mark.parametrize(
    ("added", "line", "field", "message"),
    [
        ("lod: delta", 5, "lod", "did you mean load"),
        ("dataset: again", 5, "dataset", "written twice"),
        ("load: daily", 5, "load", "delta"),
        ("version: one", 5, "version", "integer"),
        ("file:\n  delimiter: ':'", 6, "file.delimiter", "Input should be"),
        ("events:\n  - type: brith", 6, "events[1].type", "not one of the event types"),
        ("events:\n  - type: birth\n    persn: self", 7, "events[1].persn", "did you mean person"),
        ("events:\n  - {type: birth}\n  - type: birth\n    person: baby", 8, "events[2].person", "it has self"),
        ("events:\n  - type: birth\n    about: mother", 7, "events[1].about", "no such person"),
        ("events:\n  - type: birth\n    category: sums", 7, "events[1].category", "categories"),
        ("events:\n  - type: birth\n    service: sums", 7, "events[1].service", "services"),
        ("events:\n  - type: birth\n    status: done", 7, "events[1].status.value", "happened"),
        ("events:\n  - type: birth\n    status: {column: A}", 7, "events[1].status", "a column with codes"),
        (
            "events:\n  - type: birth\n    when: {column: A, format: '%d/%m/%y'}",
            7,
            "events[1].when.format",
            "two digits",
        ),
        ("events:\n  - type: birth\n    values:\n      x: {column: A}", 8, "events[1].values.x", "codes or code_list"),
        (
            "events:\n  - type: birth\n    values:\n      x: {column: A, code_list: q}",
            8,
            "events[1].values.x.code_list",
            "code lists",
        ),
        (
            "events:\n  - type: birth\n    values:\n      x: {column: A, type: integer, max: 1e9}",
            8,
            "events[1].values.x.max",
            "999999",
        ),
        (
            "events:\n  - type: birth\n    values:\n      x: {column: A, type: boolean, max: 1}",
            8,
            "events[1].values.x",
            "min and max",
        ),
        (
            "events:\n  - type: birth\n    values:\n      x: {column: A, codes: {1: Free Text}}",
            8,
            "events[1].values.x.codes.1",
            "pattern",
        ),
        ("events:\n  - type: birth\n    only_if: {column: A}", 7, "events[1].only_if", "one of is, not, present"),
        ("events:\n  - type: birth\n    organisation: {}", 7, "events[1].organisation", "either column or value"),
        ("events: [birth]", 5, "events[1]", "key: value"),
        ("ties:\n  - {from: self, relation: aunt, to: self}", 6, "ties[1].relation", "birth_mother"),
        ("ties:\n  - {from: self, to: baby, relation: parent}", 6, "ties[1].to", "no such person"),
        ("involvements:\n  - {service: maternity}", 6, "involvements[1].category", "required"),
        ("people: {self: {local_id: A}}", 1, "(spec)", "either identifiers or people"),
        ("coverage: {from: 2020-01-01, to: 2019-01-01}", 5, "coverage", "ends before it starts"),
        ("title: &a {en: x}\nstandard: *a", 6, "(spec)", "aliases"),
        ("title: {en: [}", 5, "(spec)", "not valid YAML"),
        ("\tload: delta", 5, "(spec)", "not valid YAML"),
        ("---\ndataset: second", 5, "(spec)", "not valid YAML"),
        ("? [a, b]\n: c", 5, "(spec)", "a key must be a word"),
    ],
)
def test_a_fault_names_its_line_and_field(added: str, line: int, field: str, message: str) -> None:
    found = _faults(MINIMAL + added + "\n")
    assert [(at, where) for at, where, _ in found] == [(line, field)], found
    assert message in found[0][2]


@pytest.mark.parametrize("key", ["dataset", "provider", "record_id", "identifiers"])
def test_each_required_key_is_missed(key: str) -> None:
    held = [line for line in MINIMAL.splitlines() if not line.startswith(key)]
    field = "(spec)" if key == "identifiers" else key
    assert [where for _, where, _ in _faults("\n".join(held))] == [field]


@pytest.mark.parametrize(
    "identifiers", ["{}", "{unborn: true}", "{shoe_size: A}", "{date_of_birth: {column: A, format: '%Y-%m'}}"]
)
def test_identifiers_that_identify_nobody_are_a_fault(identifiers: str) -> None:
    assert _faults(f"dataset: a\nprovider: b\nrecord_id: c\nidentifiers: {identifiers}\n")


def test_all_faults_are_told_at_once_in_the_order_of_lines() -> None:
    found = _faults(
        "dataset: Not Good\nprovider: a\nrecord_id: b\nidentifiers: {nhs: c}\nload: x\nevents: [{type: y, person: z}]\n"
    )
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert {where for _, where, _ in found} == {
        "dataset",
        "identifiers.nhs",
        "load",
        "events[1].type",
        "events[1].person",
    }


@pytest.mark.parametrize(
    "text", ["", "just words", "- a\n- b", "\x00", "a: " + "[" * 100_000, "{" * 100_000, "- " * 50_000]
)
def test_what_is_no_spec_at_all_is_a_fault_and_not_an_accident(text: str) -> None:
    assert _faults(text)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"a" * 2_000_000])
def test_a_spec_file_that_cannot_be_read_is_a_fault(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError):
        load_spec(path)


def test_the_published_schema_is_the_one_the_code_accepts() -> None:
    assert schema_path().read_text("utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(json_schema())


class _Plain(yaml.SafeLoader):
    """YAML as editors read it, with dates left as text, as JSON has none."""


_Plain.yaml_implicit_resolvers = {
    sign: [(tag, form) for tag, form in held if tag != "tag:yaml.org,2002:timestamp"]
    for sign, held in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _as_json(text: str) -> Any:
    return json.loads(json.dumps(yaml.load(text, _Plain)))


def _schema_accepts(text: str) -> bool:
    return jsonschema.Draft202012Validator(json_schema()).is_valid(_as_json(text))


@pytest.mark.parametrize("text", [MINIMAL, FULL], ids=["minimal", "full"])
def test_the_schema_accepts_what_the_code_accepts(text: str) -> None:
    errors = list(jsonschema.Draft202012Validator(json_schema()).iter_errors(_as_json(text)))
    assert errors == []


@pytest.mark.parametrize("name", sorted(builtin_specs()))
def test_every_spec_that_ships_loads_and_fits_the_schema(name: str) -> None:
    path = builtin_specs()[name]
    assert load_spec(path).dataset == name
    assert _schema_accepts(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "added",
    [
        "lod: delta",
        "load: daily",
        "events: [{type: brith}]",
        "events: [{type: birth, persn: self}]",
        "version: one",
        "file: {delimiter: ':'}",
        "events: [{type: birth, category: sums}]",
        "people: {self: {local_id: A}}",
        "ties: [{from: self, relation: aunt, to: self}]",
        "involvements: [{service: maternity}]",
    ],
)
def test_the_schema_refuses_what_the_code_refuses(added: str) -> None:
    assert not _schema_accepts(MINIMAL + added + "\n")
    assert _faults(MINIMAL + added + "\n")


def test_every_event_type_names_a_category_and_service_of_the_catalogue() -> None:
    held = catalogue()
    for kind in held.event_types.values():
        assert kind.category in held.categories
        assert kind.service in held.services
        assert kind.shape in ("moment", "episode")
        assert kind.title_en
        assert kind.title_cy
