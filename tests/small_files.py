"""A small data set of the tests' own: a spec, and files written from rows."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from linkage.intake.spec import DatasetSpec, parse_spec

COLUMNS = ("id", "nhs", "given", "family", "dob", "address", "postcode", "visited", "kind")

SPEC = """
dataset: visits
provider: Somewhere Charity
record_id: id
identifiers:
  nhs_number: nhs
  given_name: given
  family_name: family
  date_of_birth: dob
  address: address
  postcode: postcode
events:
  - type: health_visitor_contact
    when: visited
    only_if: {column: visited, present: true}
"""


def spec(text: str = SPEC) -> DatasetSpec:
    """Return the data set's spec."""
    return parse_spec(text)


def row(number: int, **changes: str) -> dict[str, str]:
    """Return one valid synthetic row."""
    plain = {
        "id": f"R{number}",
        "nhs": "",
        "given": f"Given{number}",
        "family": f"Family{number}",
        "dob": f"20{10 + number % 15:02d}-0{1 + number % 9}-11",
        "address": f"{number} Made Up Street",
        "postcode": "QZ1 1AA",
        "visited": "2026-03-04",
        "kind": "",
    }
    return plain | changes


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """Write rows as a CSV file and return its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path
