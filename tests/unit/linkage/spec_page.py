"""The tables of docs/dataset-specs.md, printed from the code.

`python -m tests.unit.linkage.spec_page` rewrites them.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from linkage.catalogue import catalogue
from linkage.reasons import FILE_SENTENCES, ROW_SENTENCES, SENTENCES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "dataset-specs.md"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _codes(sentences: Mapping[str, str]) -> str:
    return _table(("code", "what it means and what to do"), ((f"`{code}`", text) for code, text in sentences.items()))


def tables() -> dict[str, str]:
    """Marker -> table."""
    held = catalogue()
    events = (
        (f"`{kind.type}`", kind.title_en, f"`{kind.category}`", f"`{kind.service}`", kind.shape)
        for kind in held.event_types.values()
    )
    lists = (
        (f"`{name}`", ", ".join(f"`{said}` → {kept}" for said, kept in codes.items()))
        for name, codes in held.code_lists.items()
    )
    return {
        "event types": _table(("type", "what", "category", "service", "shape"), events),
        "categories": ", ".join(f"`{category}`" for category in held.categories),
        "services": ", ".join(f"`{service}`" for service in held.services),
        "code lists": _table(("list", "what the file says → what is kept"), lists),
        "file codes": _codes({reason.value: text for reason, text in FILE_SENTENCES.items()}),
        "row codes": _codes({reason.value: text for reason, text in ROW_SENTENCES.items()}),
        "value codes": _codes({reason.value: text for reason, text in SENTENCES.items()}),
    }


def filled(page: str) -> str:
    """The page with every marked table printed anew."""
    for marker, table in tables().items():
        between = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- end -->)", re.DOTALL)
        page = between.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
