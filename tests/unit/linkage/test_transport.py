"""A sealed file of frames gives back what was put in, or nothing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.intake.readers.outcome import FileRefused
from linkage.partner.transport import FrameWriter, frames
from linkage.reasons import FileReason

KEY, OTHER = b"k" * 32, b"o" * 32


def _written(path: Path, held: list[bytes]) -> Path:
    with FrameWriter(path, KEY) as writer:
        for frame in held:
            writer.add(frame)
    return path


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_frames_come_back_as_they_went(tmp_path: Path, held: list[bytes]) -> None:
    assert list(frames(_written(tmp_path / "f", held), KEY)) == held


@given(st.integers(min_value=0, max_value=199), st.integers(min_value=1, max_value=255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
def test_no_byte_can_be_changed(tmp_path: Path, at: int, by: int) -> None:
    path = _written(tmp_path / "f", [b"a" * 30, b"b" * 30, b"c" * 30])
    body = bytearray(path.read_bytes())
    body[at % len(body)] ^= by
    path.write_bytes(bytes(body))
    with pytest.raises(FileRefused):
        list(frames(path, KEY))


@given(st.integers(min_value=0, max_value=220))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_no_end_can_be_cut_off(tmp_path: Path, kept: int) -> None:
    path = _written(tmp_path / "f", [b"a" * 30, b"b" * 30, b"c" * 30])
    body = path.read_bytes()
    path.write_bytes(body[: kept % len(body)])
    with pytest.raises(FileRefused):
        list(frames(path, KEY))


def test_frames_cannot_be_swapped_between_files(tmp_path: Path) -> None:
    one = _written(tmp_path / "one", [b"same"]).read_bytes()
    other = _written(tmp_path / "other", [b"same"]).read_bytes()
    assert one[-20:] != other[-20:]
    (tmp_path / "mixed").write_bytes(one[:-24] + other[-24:])
    with pytest.raises(FileRefused):
        list(frames(tmp_path / "mixed", KEY))


def test_another_key_is_told_from_damage(tmp_path: Path) -> None:
    path = _written(tmp_path / "f", [b"x"])
    with pytest.raises(FileRefused) as caught:
        list(frames(path, OTHER))
    assert caught.value.code == FileReason.ENCODED_ELSEWHERE


def _failing(path: Path) -> None:
    with FrameWriter(path, KEY) as writer:
        writer.add(b"x")
        raise RuntimeError


def test_nothing_is_left_of_a_file_that_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        _failing(tmp_path / "f")
    assert list(tmp_path.iterdir()) == []
