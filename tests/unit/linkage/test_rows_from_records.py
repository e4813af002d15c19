"""A spec applied to records: rows, warnings and rejections, and nothing that repeats a value."""

import csv
import gzip
import io
from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.intake.extracts import Extract, Limits, open_extract
from linkage.intake.spec import DatasetSpec, parse_spec
from linkage.intake.validate import rows
from linkage.reasons import ROW_SENTENCES, Reason, RowReason
from linkage.rows import EventStatus, Identity, Precision, Rejection, Relation, Sex, SourceRow
from tests.unit.linkage.bad_files import CANARIES, GOOD, HEADER, SPEC, text

TODAY = date(2026, 11, 22)
BIRTHS = """
dataset: births
provider: ZMH
record_id: [site, id]
required: [site]
people:
  mother: {nhs_number: mnhs, given_name: {column: mname, part: first}, family_name: {column: mname, part: last}}
  baby: {unborn: true, local_id: pregnancy, sex: sex, date_of_birth: {column: dob, format: "%d/%m/%Y"}}
ties:
  - {from: mother, relation: birth_mother, to: baby, standing: confirmed, since: dob}
events:
  - type: birth
    person: baby
    when: {column: dob, format: "%d/%m/%Y"}
    organisation: {column: org}
    values:
      gestation_days: {column: gest, type: integer, min: 100, max: 320}
      first_feed: {column: feed, codes: {01: breast_milk, 02: formula}}
      premature: {column: prem, type: boolean}
  - type: antenatal_contact
    person: mother
    when: seen
    status: {column: outcome, codes: {5: happened, 3: missed}}
    only_if: {column: kind, is: [A, 1]}
involvements:
  - {service: maternity, category: maternity, person: mother, team: team, professional: midwife,
     telephone: phone, since: seen}
"""
BIRTH_HEADER = "site,id,mnhs,mname,pregnancy,sex,dob,org,gest,feed,prem,seen,outcome,kind,team,midwife,phone"
BIRTH = "S1,7,9990000018,Ann Mary Jones,P9,F,05/06/2021,ZMC,280,01,N,2021-01-02,5,A,Red,Jo Bloggs,01632 960001"


def _opened(content: bytes | str, tmp_path: Path, spec: DatasetSpec, limits: Limits | None = None) -> Extract:
    path = tmp_path / "extract"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_extract(path, spec, limits)


def _read(content: bytes | str, tmp_path: Path, spec_text: str = SPEC) -> list[SourceRow | Rejection]:
    spec = parse_spec(spec_text)
    return list(rows(_opened(content, tmp_path, spec), spec, TODAY))


def _with(**changes: str) -> str:
    """Twenty sound rows, the last changed in some columns."""
    changed = dict(zip(HEADER, GOOD, strict=True)) | changes
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(changed.values())
    return text(count=19) + out.getvalue()


def _birth(**changes: str) -> str:
    fields = dict(zip(BIRTH_HEADER.split(","), BIRTH.split(","), strict=True)) | changes
    return f"{BIRTH_HEADER}\n{','.join(fields.values())}\n"


def _one(content: str, tmp_path: Path) -> SourceRow:
    [row] = _read(content, tmp_path, BIRTHS)
    assert isinstance(row, SourceRow)
    return row


def _codes(row: SourceRow | Rejection) -> set[str]:
    assert isinstance(row, SourceRow)
    return {problem.code for problem in row.warnings}


def test_a_sound_row_gives_its_people_events_involvements_and_ties(tmp_path: Path) -> None:
    row = _one(_birth(), tmp_path)
    assert row.record_id == "S1|7"
    assert row.row_number == 2
    assert row.people["mother"] == Identity(nhs_number="9990000018", given_name="Ann", family_name="Jones")
    assert row.people["baby"] == Identity(local_id="P9", sex=Sex.FEMALE, date_of_birth=date(2021, 6, 5))
    assert row.unborn == {"baby"}
    birth, contact = row.events
    assert (birth.type, birth.role, birth.organisation) == ("birth", "baby", "ZMC")
    assert dict(birth.values) == {"gestation_days": 280, "first_feed": "breast_milk", "premature": False}
    assert (contact.when, contact.status, contact.organisation) == (date(2021, 1, 2), EventStatus.HAPPENED, "ZMH")
    [involved] = row.involvements
    assert (involved.team, involved.professional, involved.telephone) == ("Red", "Jo Bloggs", "01632960001")
    [tie] = row.ties
    assert (tie.from_role, tie.relation, tie.to_role) == ("mother", Relation.BIRTH_MOTHER, "baby")
    assert row.warnings == ()


def test_ids_of_several_columns_are_never_the_same_for_different_columns(tmp_path: Path) -> None:
    first, second = _one(_birth(site="S|1", id="7"), tmp_path), _one(_birth(site="S", id="1|7"), tmp_path)
    assert first.record_id != second.record_id


def test_a_birth_is_kept_to_the_month(tmp_path: Path) -> None:
    birth = _one(_birth(), tmp_path).events[0]
    assert (birth.when, birth.precision) == (date(2021, 6, 1), Precision.MONTH)


@pytest.mark.parametrize(
    ("changes", "kept", "code"),
    [
        ({"dob": "31/06/2021"}, ["antenatal_contact"], Reason.EVENT_WITHOUT_DATE),
        ({"dob": ""}, ["antenatal_contact"], Reason.EVENT_WITHOUT_DATE),
        ({"dob": "", "gest": "", "feed": "", "prem": ""}, ["antenatal_contact"], None),
        ({"outcome": "99"}, ["birth"], Reason.STATUS_UNKNOWN),
        ({"kind": "B"}, ["birth"], None),
        ({"kind": "1"}, ["birth", "antenatal_contact"], None),
        ({"pregnancy": "", "sex": "", "dob": ""}, ["antenatal_contact"], Reason.EVENT_WITHOUT_PERSON),
    ],
)
def test_an_event_that_cannot_stand_is_dropped_and_the_row_stays(
    changes: dict[str, str], kept: list[str], code: Reason | None, tmp_path: Path
) -> None:
    row = _one(_birth(**changes), tmp_path)
    assert [event.type for event in row.events] == kept
    assert (code is None and not row.warnings) or (code and code.value in _codes(row))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"feed": "Formula, as Ann said"[:7]}, Reason.CODE_UNKNOWN),
        ({"gest": "99"}, Reason.OUT_OF_RANGE),
        ({"gest": "9990000018"}, Reason.NUMBER_FORM),
        ({"gest": "٢٨٠"}, Reason.NUMBER_FORM),
        ({"prem": "maybe"}, Reason.CODE_UNKNOWN),
    ],
)
def test_an_event_value_outside_its_list_or_range_is_dropped(
    changes: dict[str, str], code: Reason, tmp_path: Path
) -> None:
    row = _one(_birth(**changes), tmp_path)
    assert len(row.events[0].values) == 2
    assert _codes(row) == {code.value}


def test_an_organisation_that_is_no_code_gives_way_to_the_provider(tmp_path: Path) -> None:
    row = _one(_birth(org="Ann Jones of 1 High Street"), tmp_path)
    assert row.events[0].organisation == "ZMH"
    assert _codes(row) == {Reason.ORGANISATION_FORM.value}


def test_a_role_without_identifiers_is_left_out_with_its_ties(tmp_path: Path) -> None:
    row = _one(_birth(mnhs="", mname=""), tmp_path)
    assert set(row.people) == {"baby"}
    assert row.ties == () == row.involvements


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("nhs", "9990000019", Reason.CHECK_FAILED),
        ("nhs", "٩٩٩٠٠٠٠٠١٨", Reason.NOT_ASCII_DIGITS),
        ("nhs", "9990000018.0", Reason.NHS_NUMBER_FORM),
        ("dob", "05/06/87", Reason.TWO_DIGIT_YEAR),
        ("dob", "١٩٨٧-٠٦-٠٥", Reason.NOT_ASCII_DIGITS),
        ("dob", "1987-02-30", Reason.DATE_IMPOSSIBLE),
        ("given", "Canary\u202ename", Reason.HIDDEN_CHARACTERS),
        ("given", "Canary\u200bname", Reason.HIDDEN_CHARACTERS),
        ("given", "=HYPERLINK(Canaryname)", Reason.FORMULA),
        ("family", "Birdcage" * 30, Reason.TOO_LONG),
        ("family", "UNKNOWN", Reason.PLACEHOLDER),
        ("family", "1987", Reason.NOT_A_NAME),
        ("postcode", "CF10 3NQQ", Reason.POSTCODE_FORM),
        ("postcode", "ZZ99 3VZ", Reason.POSTCODE_PSEUDO),
        ("address", "No fixed abode", Reason.PLACEHOLDER),
    ],
)
def test_a_malformed_optional_value_is_missing_with_a_warning(
    column: str, value: str, code: Reason, tmp_path: Path
) -> None:
    row = _read(_with(**{column: value}), tmp_path)[-1]
    assert isinstance(row, SourceRow)
    [problem] = row.warnings
    assert (problem.row_number, problem.column, problem.code) == (21, column, code.value)
    assert value.strip() not in repr(row)


@pytest.mark.parametrize("born", ["1066-10-14", "2050-01-01"])
def test_an_implausible_date_of_birth_is_kept_with_a_warning(born: str, tmp_path: Path) -> None:
    row = _read(_with(dob=born), tmp_path)[-1]
    assert isinstance(row, SourceRow)
    assert row.people["self"].date_of_birth == date.fromisoformat(born)
    assert _codes(row) == {Reason.DATE_IMPLAUSIBLE.value}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("C-77123,Canaryname\n", RowReason.RAGGED_ROW),
        (",".join([*GOOD, "more"]) + "\n", RowReason.RAGGED_ROW),
        ('C-77123,"Canary"name,x,x,x,x,x\n', RowReason.BAD_QUOTING),
        (",".join(["", *GOOD[1:]]) + "\n", RowReason.MISSING_RECORD_ID),
        ("C-77123,,,,,,\n", RowReason.NO_IDENTIFIERS),
        (",".join(["9" * 300, *GOOD[1:]]) + "\n", RowReason.FIELD_TOO_LONG),
        (",".join([*GOOD[:5], "Canaryname " * 8000, GOOD[6]]) + "\n", RowReason.FIELD_TOO_LONG),
        (",".join([*GOOD[:5], "Canaryname " * 20000, GOOD[6]]) + "\n", RowReason.FIELD_TOO_LONG),
        (",".join([*GOOD[:5], "Canary\x07name", GOOD[6]]) + "\n", RowReason.CONTROL_CHARACTERS),
    ],
)
def test_a_bad_row_is_rejected_and_stops_no_other(line: str, code: RowReason, tmp_path: Path) -> None:
    *sound, bad = _read(text() + line, tmp_path)
    assert all(isinstance(row, SourceRow) for row in sound)
    assert len(sound) == 30
    assert isinstance(bad, Rejection)
    assert (bad.problem.row_number, bad.problem.code) == (32, code.value)
    assert bad.content
    assert not [canary for canary in CANARIES if canary in repr(bad)]


def test_a_required_column_that_is_empty_rejects_the_row(tmp_path: Path) -> None:
    spec = SPEC + "required: [given]\n"
    bad = _read(_with(given=""), tmp_path, spec)[-1]
    assert isinstance(bad, Rejection)
    assert (bad.problem.column, bad.problem.code) == ("given", RowReason.REQUIRED_MISSING.value)


def test_bytes_that_are_no_utf8_reject_their_row_only(tmp_path: Path) -> None:
    good = text().replace("Canaryname", "Zoë").encode()
    bad = text(count=1).splitlines()[1].replace("Canaryname", "Zo\u00eb").encode("windows-1252")
    *sound, rejection = _read(good + bad + b"\n", tmp_path)
    assert all(isinstance(row, SourceRow) for row in sound)
    assert isinstance(rejection, Rejection)
    assert rejection.problem.code == RowReason.UNDECODABLE.value


@pytest.mark.parametrize("form", ["utf-16", "utf-8"])
def test_a_lone_surrogate_rejects_its_row_only(form: str, tmp_path: Path) -> None:
    content = text() + text(count=1).splitlines(keepends=True)[1].replace("Canaryname", "Can\ud800ary")
    *sound, rejection = _read(content.encode(form, "surrogatepass"), tmp_path)
    assert len(sound) == 30
    assert isinstance(rejection, Rejection)
    assert rejection.problem.code == RowReason.UNDECODABLE.value


def test_every_row_reason_has_its_sentence() -> None:
    assert set(ROW_SENTENCES) == set(RowReason)


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-with-mark", "windows-1252"]


def _encoded(content: str, encoding: str) -> bytes:
    return ("\ufeff" + content).encode("utf-16-be") if encoding == "utf-16-be-with-mark" else content.encode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_encoding_delimiter_and_packing_gives_the_same_rows(
    encoding: str, delimiter: str, packed: bool, tmp_path: Path
) -> None:
    content = _encoded(text(delimiter, "\r\n").replace("Canaryname", "Siân"), encoding)
    found = _read(gzip.compress(content) if packed else content, tmp_path)
    assert found == _read(text().replace("Canaryname", "Siân"), tmp_path)
    assert len(found) == 30


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_gives_the_same_rows_with_or_without_a_last_one(end: str, tmp_path: Path) -> None:
    assert _read(text(end=end), tmp_path) == _read(text(end=end).removesuffix(end), tmp_path) == _read(text(), tmp_path)


def test_parquet_and_xlsx_give_the_rows_that_csv_gives(tmp_path: Path) -> None:
    born = date(1987, 6, 5)
    held = [(n, 9990000018, "Siân", "Birdcage", born, "1 Yellow Perch", "CF10 3NQ") for n in range(1, 31)]
    out, book = io.BytesIO(), openpyxl.Workbook()
    pq.write_table(pa.table(dict(zip(HEADER, map(list, zip(*held, strict=True)), strict=True))), out)
    for row in (HEADER, *held):
        book.active.append(row)
    sheet = io.BytesIO()
    book.save(sheet)
    lines = [",".join(map(str, row)) for row in (HEADER, *held)]
    spec = SPEC.replace("date_of_birth: dob", 'date_of_birth: {column: dob, format: ["%d/%m/%Y", "%Y-%m-%d"]}')
    from_csv = _read("\n".join(lines), tmp_path, spec)
    assert _read(sheet.getvalue(), tmp_path, spec) == from_csv
    numberless = [
        (row.record_id, row.people) for row in _read(out.getvalue(), tmp_path, spec) if isinstance(row, SourceRow)
    ]
    assert numberless == [(row.record_id, row.people) for row in from_csv if isinstance(row, SourceRow)]


def test_blank_lines_trailing_empty_fields_and_line_ends_within_quotes_are_no_fault(tmp_path: Path) -> None:
    content = (
        text(count=3)
        + "\n\n"
        + ",".join(GOOD)
        + ",,\n"
        + ",".join([*GOOD[:5], '"1 Yellow Perch\nTown"', GOOD[6]])
        + "\n\n"
    )
    found = _read(content, tmp_path)
    assert [row.row_number for row in found if isinstance(row, SourceRow)] == [2, 3, 4, 7, 8]
    assert isinstance(found[-1], SourceRow)
    assert found[-1].people["self"].address == "1 Yellow Perch Town"


def test_a_space_after_every_delimiter_is_no_part_of_a_value(tmp_path: Path) -> None:
    quoted = text(", ").replace("1 Yellow Perch", '"1 Yellow, Perch"')
    found = _read(quoted, tmp_path)
    assert found == _read(text().replace("1 Yellow Perch", '"1 Yellow, Perch"'), tmp_path)
    assert len(found) == 30


def test_a_header_further_down_is_found_where_the_spec_says(tmp_path: Path) -> None:
    found = _read("Report of today\n\n" + text(), tmp_path, SPEC + "file: {header_row: 3}\n")
    assert found[0] == SourceRow(
        4, "C-771230", {"self": found[0].people["self"]}, frozenset()  # type: ignore[union-attr]
    )  # fmt: skip


SIMPLE = "dataset: t\nprovider: any\nrecord_id: id\nidentifiers: {local_id: a, address: b c}\n"
CELLS = st.text(st.characters(categories=["L", "N", "P", "Zs"], include_characters="\n"), max_size=12)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(st.tuples(st.integers(0, 999), CELLS, CELLS), min_size=1, max_size=20),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    delimiter=st.sampled_from(",;\t|"),
)
def test_a_clean_file_reads_as_a_naive_parser_reads_it(
    held: list[tuple[int, str, str]], quoting: int, delimiter: str, tmp_path: Path
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerows([("id", "a", "b c"), *held])
    spec = parse_spec(SIMPLE)
    extract = _opened(out.getvalue(), tmp_path, spec)
    naive = [[str(n), a, b] for n, a, b in held]
    assert [cells for _, cells in extract] == naive
    assert extract.physical_records == len(naive)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(["good", "ragged", "quote", "nobody", "noid"]), max_size=30))
def test_every_physical_record_is_exactly_one_row_or_rejection(kinds: list[str], tmp_path: Path) -> None:
    made = {
        "good": ",".join(GOOD),
        "ragged": "x",
        "quote": 'C,"a"b,,,,,',
        "nobody": "C-1,,,,,,",
        "noid": ",a,b,c,d,e,f",
    }
    content = text(count=100) + "".join(made[kind] + "\n" for kind in kinds if kind not in ("ragged", "quote"))
    content += "x\n" * min(kinds.count("ragged"), 4) + made["quote"] + "\n"
    spec = parse_spec(SPEC)
    extract = _opened(content, tmp_path, spec)
    counts = Counter(type(row) for row in rows(extract, spec, TODAY))
    assert sum(counts.values()) == extract.physical_records == content.count("\n") - 1
    assert counts[SourceRow] == 100 + kinds.count("good")
