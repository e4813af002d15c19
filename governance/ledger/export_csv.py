"""The ledger as a table: one line an entry, for a spreadsheet.

Invariants: a cell never begins with what a spreadsheet takes for a formula; a line holds what the entry says and no
more: pseudonyms, codes, counts and hashes, never content of a record; the columns are always the same.
Sources: RFC 4180 (the file); OWASP, CSV Injection (the apostrophe).
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

COLUMNS: Final = (
    "index", "id", "at", "kind", "outcome", "staff", "organisation", "role", "purpose", "relationship", "override",
    "reasons", "subjects", "segments", "flows", "detail", "request", "policy", "leaf_hash",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the start of a formula, the full-width signs too."""


def rows(lines: Iterable[str]) -> Iterator[str]:
    """Yield the header and then one line for each exported JSON line (see `ledger.export`)."""
    yield _line(COLUMNS)
    for line in lines:
        held = json.loads(line)
        cells = _cells(json.loads(held["body"])) | {"index": held["index"], "leaf_hash": held["leaf_hash"]}
        yield _line([cells.get(name) for name in COLUMNS])


def harmless(value: object) -> str:
    """Return a value as a cell that no spreadsheet computes."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(values: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([harmless(value) for value in values])
    return out.getvalue()


def _cells(body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(body) | {
        "reasons": " ".join(body["reasons"]),
        "subjects": " ".join(body["subjects"]),
        "segments": "; ".join(_segment(held) for held in body["segments"]),
        "flows": " ".join(map(flow_name, body["flows"])),
        "detail": "; ".join(f"{name} {value}" for name, value in sorted(body["detail"].items())),
    }


def _segment(held: Mapping[str, Any]) -> str:
    flow = f" {flow_name(held['flow'])}" if held["flow"] else ""
    return f"{held['member'][:12]} {held['subject']} {held['category']} {held['source']} {held['reason']}{flow}"


def flow_name(flow: Mapping[str, Any]) -> str:
    """Return how an export names one flow of one version."""
    return f"{flow['agreement']}/{flow['version']}/{flow['flow']}"
