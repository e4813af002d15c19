"""Reads one sheet of a workbook in a process of its own, with little memory, and prints its rows as JSON lines.

Runs as a script: `xlsx_child.py PATH SHEET MEMORY SECONDS`. Invariants: the limits are set before the workbook is
touched, no core is dumped and no file can be written; standard error says nothing. The last line is `{"end": rows}`, or
`{"fault": code, "row": n}`. A hostile sheet (two cells at opposite corners) ends this process and nothing else.
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import python_calamine as calamine

_FORMULA = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="[A-Z]+([0-9]+)"[^>]*>\s*<(?:\w+:)?f[\s/>]')
_ANY_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_OVERLAP = 4096
_LONDON = ZoneInfo("Europe/London")


def limit(memory: int, seconds: int) -> None:
    """No more memory, time, files or core dumps than this."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
    ):
        resource.setrlimit(what, (most, most))


def as_text(value: Any) -> str:
    """The canonical text of a typed value: "" for none, ISO for dates, no point for whole numbers.

    An instant is told by London's clock: midnight there in summer is eleven at night the day before in UTC.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if not isfinite(value) else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return "" if not value.is_finite() else str(int(value)) if value == value.to_integral_value() else f"{value:f}"
    if isinstance(value, datetime):
        told = (value.astimezone(_LONDON) if value.tzinfo else value).replace(tzinfo=None)
        return told.date().isoformat() if told.time() == datetime.min.time() else told.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if _local(key) == name), "")


def sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The archive's name of a sheet's XML, or None when the workbook does not say."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  this process is bounded
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314  as above
    targets = {_attribute(link, "Id"): _attribute(link, "Target") for link in links}
    for entry in book.iter():
        if _local(entry.tag) == "sheet" and entry.attrib.get("name") == sheet:
            ident = next((value for key, value in entry.attrib.items() if key.endswith("}id")), "")
            target = targets.get(ident, "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def formula_row(archive: zipfile.ZipFile, part: str) -> int | None:
    """The row of the first cell with a formula, 1 when it cannot be told; None when there is none."""
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 18):
            window = tail + chunk
            if _ANY_FORMULA.search(window):
                found = _FORMULA.search(window)
                return int(found[1]) if found else 1
            tail = window[-_OVERLAP:]
    return None


def rows(path: str, sheet: str) -> Iterator[dict[str, Any] | list[str]]:
    """The sheet's rows, then how it ended."""
    fault = "workbook_corrupt"
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        if (sheet and sheet not in book.sheet_names) or not book.sheet_names:
            yield {"fault": "sheet_missing"}
            return
        name = sheet or book.sheet_names[0]
        with zipfile.ZipFile(path) as archive:
            part = sheet_part(archive, name)
            formula = formula_row(archive, part) if part in archive.namelist() and part else None
        if formula:
            yield {"fault": "formula_cells", "row": formula}
            return
        count = 0
        for row in book.get_sheet_by_name(name).iter_rows():
            count += 1
            yield [as_text(value) for value in row]
        yield {"end": count}
        return
    except calamine.PasswordError:
        fault = "workbook_encrypted"
    except MemoryError:
        fault = "workbook_too_large"
    except (calamine.CalamineError, zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, OSError):
        fault = "workbook_corrupt"
    yield {"fault": fault}


def main(arguments: list[str]) -> None:
    path, sheet, memory, seconds = arguments
    limit(int(memory), int(seconds))
    for row in rows(path, sheet):
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
