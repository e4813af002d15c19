"""What a tie keeps of a row's dates."""

from datetime import date
from pathlib import Path

from linkage.intake.extracts import open_extract
from linkage.intake.spec import parse_spec
from linkage.intake.validate import rows
from linkage.rows import SourceRow

SPEC = """
dataset: births
provider: P
record_id: id
people:
  mother: {given_name: mother}
  baby: {given_name: baby, date_of_birth: born}
ties:
  - {from: mother, relation: birth_mother, to: baby, since: born}
  - {from: mother, relation: carer, to: baby, since: born}
"""


def test_a_mothers_tie_does_not_keep_the_day_of_birth(tmp_path: Path) -> None:
    data = tmp_path / "births.csv"
    data.write_text("id,mother,baby,born\n1,Ann,Ben,2024-03-17\n", encoding="utf-8")
    spec = parse_spec(SPEC)
    [row] = rows(open_extract(data, spec), spec, date(2026, 11, 22))
    assert isinstance(row, SourceRow)
    assert [tie.since for tie in row.ties] == [date(2024, 3, 1), date(2024, 3, 17)]
