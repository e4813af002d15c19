"""Damage anywhere in a file gives rows, rejections or a refusal, never another fault; and every record is counted."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.intake.extracts import FileRefused, open_extract
from linkage.intake.spec import parse_spec
from linkage.intake.validate import rows
from tests.unit.linkage.bad_files import SPEC, packed, parquet, text

SOUND = {
    "csv": text(count=40).encode(),
    "quoted": text(end="\r\n", count=40).replace("1 Yellow Perch", '"1 Yellow, Perch"').encode(),
    "utf-16": text(count=40).encode("utf-16"),
    "gzip": packed(text(count=400).encode()),
    "parquet": parquet(),
}
DAMAGE = st.tuples(
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 30),
    st.one_of(st.binary(max_size=8), st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b'""', b"\xff", b";"])),
)


@pytest.mark.parametrize("kind", SOUND)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(DAMAGE, min_size=1, max_size=6))
def test_a_damaged_file_is_read_or_refused(kind: str, damage: list[tuple[float, int, bytes]], tmp_path: Path) -> None:
    content = bytearray(SOUND[kind])
    for where, cut, put in damage:
        at = int(where * len(content))
        content[at : at + cut] = put
    path = tmp_path / "extract"
    path.write_bytes(content)
    spec = parse_spec(SPEC)
    try:
        extract = open_extract(path, spec)
        assert sum(1 for _ in rows(extract, spec)) == extract.physical_records
    except FileRefused:
        pass
