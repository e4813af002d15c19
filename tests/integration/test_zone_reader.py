"""A reader of the zone who can open its file, but holds no key of the rows, finds no token, equality or frequency."""

import struct
from pathlib import Path

from sqlalchemy.orm import Session

from linkage.encoding.encode import SCHEMA
from linkage.rows import Identity
from linkage.run import link
from linkage.zone.zone import ENCODED
from tests.integration.linking import KEYS, Partnership

TABLES = {
    "record": {"record_id", "dataset", "token", "digest", "load_id", "load_ordinal", "seq"},
    "ended": {"record_id", "load_id"},
    "supersession": {"old_nhs", "new_nhs"},
    "seal": {"nhs_a", "nhs_b"},
    "part": {"kind", "owner", "part", "rows", "held", "file"},
}
ALIKE = Identity(given_name="Oliver", family_name="Smith", postcode="ZZ1 1AA")


def _linked(folder: Path) -> Partnership:
    partnership = Partnership(folder)
    partnership.load("a", {str(at): {"self": ALIKE} for at in range(40)})
    partnership.load("b", {str(at): {"self": ALIKE} for at in range(40)})
    with Session(partnership.engine) as session, session.begin(), partnership.zone() as zone:
        link(session, zone, KEYS)
    return partnership


def test_no_token_stands_anywhere_in_what_is_stored(tmp_path: Path) -> None:
    partnership = _linked(tmp_path / "zone")
    with partnership.zone() as zone:
        held = {
            name: {column for (column, *_) in zone.rows(f"DESCRIBE zone.{name}")}
            for (name,) in zone.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'zone'")
        }
        assert held == TABLES
        words = {
            word
            for _, part in zone.parts.read(ENCODED, schema=SCHEMA)
            for field in SCHEMA
            if field.type == "int64"
            for word in part.column(field.name).to_pylist()
            if word is not None
        }
        stored = [str(value) for name in ("record", "ended") for row in zone.rows(f"FROM zone.{name}") for value in row]
    files = [path.read_bytes() for path in (tmp_path / "zone").rglob("*") if path.is_file()]
    assert len(words) >= 10
    for word in words:
        for packed in (struct.pack("<q", word), struct.pack(">q", word)):
            assert not any(packed in content for content in files)
        assert str(word) not in stored


def test_rows_that_say_the_same_are_stored_as_differently_as_any(tmp_path: Path) -> None:
    partnership = _linked(tmp_path / "zone")
    with partnership.zone() as zone:
        names = [name for (name,) in zone.rows("SELECT file FROM zone.part WHERE kind = 'encoded'")]
    bodies = [(tmp_path / "zone" / "parts" / name).read_bytes() for name in names]
    blocks = [body[at : at + 16] for body in bodies for at in range(0, len(body) - 16, 16)]
    assert len(set(blocks)) == len(blocks)
