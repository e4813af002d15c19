"""What a file is, by its first bytes; and opening it, unpacked when it is gzip.

Sources: RFC 1952 (gzip), Apache Parquet (PAR1), PKWARE APPNOTE (zip), MS-CFB (OLE).
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from linkage.intake.readers.outcome import FileRefused
from linkage.reasons import FileReason


class Kind(Enum):
    TEXT = "csv"
    GZIP = "gzip"
    PARQUET = "parquet"
    ZIP = "xlsx"
    OLE = "ole"


_MAGIC: tuple[tuple[bytes, Kind | FileReason], ...] = (
    (b"\x1f\x8b", Kind.GZIP),
    (b"PAR1", Kind.PARQUET),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
    (b"BZh", FileReason.COMPRESSION_UNSUPPORTED),
    (b"\xfd7zXZ\x00", FileReason.COMPRESSION_UNSUPPORTED),
    (b"\x28\xb5\x2f\xfd", FileReason.COMPRESSION_UNSUPPORTED),
    (b"7z\xbc\xaf\x27\x1c", FileReason.COMPRESSION_UNSUPPORTED),
    (b"Rar!", FileReason.COMPRESSION_UNSUPPORTED),
    (b"%PDF", FileReason.UNKNOWN_FORMAT),
    (b"\x89PNG", FileReason.UNKNOWN_FORMAT),
    (b"\xff\xd8\xff", FileReason.UNKNOWN_FORMAT),
    (b"SQLite format 3\x00", FileReason.UNKNOWN_FORMAT),
    (b"ARROW1\x00\x00", FileReason.UNKNOWN_FORMAT),
    (b"\x7fELF", FileReason.UNKNOWN_FORMAT),
)


def kind_of(head: bytes) -> Kind:
    """The kind told by a file's first bytes; text when nothing else is. Raises `FileRefused`."""
    for magic, outcome in _MAGIC:
        if head.startswith(magic):
            if isinstance(outcome, FileReason):
                raise FileRefused(outcome)
            return outcome
    return Kind.TEXT


@contextmanager
def unpacked(path: Path, kind: Kind) -> Iterator[BinaryIO]:
    """The file's bytes, gunzipped when needed. Faults of gzip become `FileRefused`."""
    fault = None
    try:
        with path.open("rb") as raw:
            if kind is Kind.GZIP:
                with gzip.GzipFile(fileobj=raw, mode="rb") as packed:
                    yield io.BufferedReader(packed, 1 << 16)
            else:
                yield raw
    except EOFError:
        fault = FileReason.GZIP_TRUNCATED
    except (gzip.BadGzipFile, zlib.error):
        fault = FileReason.GZIP_CORRUPT
    except OSError:
        fault = FileReason.FILE_UNREADABLE
    if fault:
        raise FileRefused(fault)
