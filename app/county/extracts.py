"""Extract files as partners' systems write them: each with its own encoding, separator, quoting and line ends.

Rows stream to disk one by one; the same rows give the same bytes (gzip and zip carry no clock time).
"""

import csv
import gzip
import io
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from xml.sax.saxutils import escape

_ZIP_TIME = (2026, 11, 22, 0, 0, 0)
_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Layout:
    """What one provider's file looks like. `record` and `birth`/`number` name the columns that a slip can spoil."""

    dataset: str
    file: str
    columns: tuple[str, ...]
    record: tuple[str, ...]
    birth: str
    number: str = ""
    impossible: str = "2021-02-30"
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"
    quote_all: bool = False
    title: str = ""


class Extract(Protocol):
    def row(self, values: Sequence[str]) -> None:
        """Write one row, values in the layout's column order."""

    def close(self) -> None: ...


class _Encoder:
    """Takes text from the csv writer; letters that the encoding lacks lose their accents, as in real exports."""

    def __init__(self, out: BinaryIO, encoding: str) -> None:
        self._out = out
        self._encoding = encoding

    def write(self, text: str) -> None:
        try:
            self._out.write(text.encode(self._encoding))
        except UnicodeEncodeError:
            self._out.write("".join(self._writable(c) for c in text).encode(self._encoding))

    def _writable(self, letter: str) -> str:
        try:
            letter.encode(self._encoding)
        except UnicodeEncodeError:
            return plain(letter).encode(self._encoding, "replace").decode(self._encoding)
        return letter


def plain(text: str) -> str:
    """Return the text without diacritics."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


class CsvExtract:
    """A delimited text file; compressed when its name ends in .gz."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._file = path.open("wb", buffering=1 << 18)
        self._zip: gzip.GzipFile | None = None
        out: BinaryIO = self._file
        if path.suffix == ".gz":
            self._zip = gzip.GzipFile("", "wb", compresslevel=3, fileobj=self._file, mtime=0)
            out = io.BufferedWriter(self._zip, 1 << 16)
        self._out = out
        encoding = self._begin(layout.encoding)
        self._writer = csv.writer(
            _Encoder(out, encoding),
            delimiter=layout.delimiter,
            lineterminator=layout.line_end,
            quoting=csv.QUOTE_ALL if layout.quote_all else csv.QUOTE_MINIMAL,
        )
        self.row = self._writer.writerow
        self._writer.writerow(layout.columns)

    def _begin(self, encoding: str) -> str:
        """Write the byte order mark, if any, and return the encoding for what follows."""
        marks = {"utf-8-sig": (b"\xef\xbb\xbf", "utf-8"), "utf-16": (b"\xff\xfe", "utf-16-le")}
        mark, rest = marks.get(encoding, (b"", encoding))
        self._out.write(mark)
        return rest

    def close(self) -> None:
        self._out.flush()
        if self._zip is not None:
            self._zip.close()
        self._file.close()


class XlsxExtract:
    """A one-sheet workbook of inline strings, with a title row above the header as offices like it."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        for name, text in _XLSX_PARTS.items():
            self._zip.writestr(_member(name), text)
        self._sheet = self._zip.open(_member("xl/worksheets/sheet1.xml"), "w", force_zip64=True)
        self._sheet.write(_SHEET_HEAD)
        if layout.title:
            self.row((layout.title,))
        self.row(layout.columns)

    def row(self, values: Sequence[str]) -> None:
        cells = (f'<c t="inlineStr"><is><t>{escape(v)}</t></is></c>' if v else "<c/>" for v in values)
        self._sheet.write(f"<row>{''.join(cells)}</row>".encode())

    def close(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._zip.close()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _ZIP_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def open_extract(folder: Path, layout: Layout) -> Extract:
    path = folder / layout.file
    return XlsxExtract(path, layout) if path.suffix == ".xlsx" else CsvExtract(path, layout)


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OPEN = "http://schemas.openxmlformats.org"
_MAIN = f"{_OPEN}/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELS = f"{_OPEN}/officeDocument/2006/relationships"
_SHEET_HEAD = f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
_XLSX_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_OPEN}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_OPEN}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_OPEN}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}"><sheets>'
    '<sheet name="EYFSP" sheetId="1" r:id="rId1"/></sheets></workbook>',
}
