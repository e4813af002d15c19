"""Runs every full-size measurement and writes docs/measured.md."""

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import county, febrl, ledger, synthesis
from benchmarks.section import Section

MEASURED = Path(__file__).resolve().parent.parent / "docs" / "measured.md"
PROOFS = (synthesis.measure, county.measure, febrl.measure, ledger.measure)


def main() -> None:
    """Measure everything and write the page."""
    sections = []
    for proof in PROOFS:
        sys.stderr.write(f"{proof.__module__} …\n")
        sections.append(proof())
    MEASURED.write_text(page(sections), encoding="utf-8")
    sys.stdout.write(MEASURED.read_text(encoding="utf-8"))


def page(sections: list[Section]) -> str:
    """Return the page's Markdown."""
    made = datetime.now(UTC).strftime("%Y-%m-%d")
    head = (
        "# What was measured\n\n"
        f"Written by `make prove` on {made}: {platform.machine()}, Python {platform.python_version()}. "
        "Wall times on a shared machine swing; accuracy does not.\n"
    )
    return head + "".join(_markdown(section) for section in sections)


def _markdown(section: Section) -> str:
    rows = "".join(f"| {name} | {value} |\n" for name, value in section.rows)
    note = f"\n{section.note}\n" if section.note else ""
    return f"\n## {section.title}\n\n| what | measured |\n|---|---|\n{rows}{note}"


if __name__ == "__main__":
    main()
