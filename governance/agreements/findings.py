"""What is found wrong or doubtful in an agreement: by line, field and severity."""

from dataclasses import dataclass
from enum import StrEnum

from governance.agreements.marked_yaml import Path


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    line: int
    field: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.severity}: {self.message}"


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return those that keep an agreement from being taken."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def field_name(path: Path) -> str:
    """Return a path as people write it: `flows[3].basis`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".") or "(document)"
