"""Runs full-size measurements and writes docs/measured.md: all of them, or only the parts that are named.

`python -m benchmarks.prove [PART …]`; a part that is not measured again keeps what it last said, with its date."""

import platform
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    accuracy,
    attack,
    county,
    encoding,
    families,
    febrl,
    incremental,
    killed,
    ledger,
    ledger_attacks,
    ledger_verification,
    million,
    named_families,
    one_record,
    policy,
    power,
    scaling,
    silence,
    synthesis,
)
from benchmarks.section import Section

MEASURED = Path(__file__).resolve().parent.parent / "docs" / "measured.md"
PROOFS: Mapping[str, Callable[[], Section]] = {
    "synthesis": synthesis.measure,
    "county": county.measure,
    "febrl": febrl.measure,
    "accuracy": accuracy.measure,
    "families": families.measure,
    "million": million.measure,
    "incremental": incremental.measure,
    "one_record": one_record.measure,
    "encoding": encoding.measure,
    "attack": attack.measure,
    "scaling": scaling.measure,
    "killed": killed.measure,
    "ledger": ledger.measure,
    "ledger_verification": ledger_verification.measure,
    "ledger_attacks": ledger_attacks.measure,
    "power": power.measure,
    "policy": policy.measure,
    "silence": silence.measure,
    "named_families": named_families.measure,
}
_HEAD = (
    "# What was measured\n\n"
    "Written by `make prove`, each part on the day that stands under it. Wall times on a shared machine swing, so both "
    "sides of a comparison are measured in one run; accuracy does not.\n"
)
_PART = re.compile(r"^<!-- (\w+) -->\n(.*?)(?=^<!-- \w+ -->|\Z)", re.MULTILINE | re.DOTALL)


def main(asked: list[str]) -> None:
    """Measure the parts asked for, or all, writing the page after each."""
    unknown = sorted(set(asked) - set(PROOFS))
    if unknown:
        raise SystemExit(f"no such part: {', '.join(unknown)}; there are {', '.join(PROOFS)}")
    for name in asked or PROOFS:
        sys.stderr.write(f"{name} …\n")
        told = _markdown(PROOFS[name]())
        parts = held(MEASURED.read_text(encoding="utf-8") if MEASURED.exists() else "") | {name: told}
        MEASURED.write_text(page(parts), encoding="utf-8")
    sys.stdout.write(MEASURED.read_text(encoding="utf-8"))


def held(text: str) -> dict[str, str]:
    """The parts of a page, by name."""
    return {name: body.strip() + "\n" for name, body in _PART.findall(text)}


def page(parts: Mapping[str, str]) -> str:
    """The page's Markdown, its parts in the order in which they are proved."""
    return _HEAD + "".join(f"\n<!-- {name} -->\n{parts[name]}" for name in PROOFS if name in parts)


def _markdown(section: Section) -> str:
    rows = "".join(f"| {name} | {value} |\n" for name, value in section.rows)
    note = f"\n{section.note}\n" if section.note else ""
    made = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}"
    return f"## {section.title}\n\n{made}\n\n| what | measured |\n|---|---|\n{rows}{note}"


if __name__ == "__main__":
    main(sys.argv[1:])
