"""The page that a stranger writes a spec from: its tables are the code's, and its examples run as printed."""

import re
from pathlib import Path

import pytest

from linkage.intake.extracts import open_extract
from linkage.intake.spec import DatasetSpec, parse_spec
from linkage.intake.spec_model import Person
from linkage.intake.validate import rows
from linkage.reasons import FILE_SENTENCES, ROW_SENTENCES, SENTENCES, sentence
from linkage.rows import SourceRow
from tests.unit.linkage.spec_page import PAGE, filled, tables

TEXT = PAGE.read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_tables_of_the_page_are_printed_from_the_code() -> None:
    assert all(f"<!-- {marker} -->" in TEXT for marker in tables())
    assert filled(TEXT) == TEXT


@pytest.mark.parametrize(("spec", "extract"), [(0, 0), (1, 2)], ids=["shortest", "full"])
def test_an_example_reads_its_file_without_a_rejection_or_warning(spec: int, extract: int, tmp_path: Path) -> None:
    read = parse_spec(_blocks("yaml")[spec])
    path = tmp_path / "extract.csv"
    path.write_text(_blocks("text")[extract], read.file.encoding or "utf-8")
    found = list(rows(open_extract(path, read), read))
    assert found
    assert all(isinstance(row, SourceRow) and row.warnings == () and row.people for row in found)


@pytest.mark.parametrize("model", [DatasetSpec, Person])
def test_every_field_is_on_the_page(model: type[DatasetSpec] | type[Person]) -> None:
    names = {field.alias or name for name, field in model.model_fields.items()} - {"unborn", "file", "title"}
    assert [name for name in names if f"`{name}`" not in TEXT] == []


def test_every_code_has_one_meaning() -> None:
    codes = [*(r.value for r in FILE_SENTENCES), *(r.value for r in ROW_SENTENCES), *(r.value for r in SENTENCES)]
    assert len(codes) == len(set(codes))
    assert all(sentence(code) != code for code in codes)
