"""Proof files that an outsider checks offline: this entry is in the log; this log only ever grew.

Invariant: what is written here is read by `standalone`, which shares no code with it.
Sources: C2SP tlog-proof@v1; RFC 6962 section 2.1. The consistency file follows the same shape under a name of our
own.
"""

import base64
from dataclasses import dataclass
from typing import Final

INCLUSION: Final = "c2sp.org/tlog-proof@v1"
CONSISTENCY: Final = "linked-family-record/consistency-proof@v1"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Proof that one entry is in the tree that `note` signs. `str()` is a C2SP tlog-proof file."""

    entry_id: str
    body: str
    index: int
    size: int
    path: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        return f"{INCLUSION}\nindex {self.index}\n{_lines(self.path)}\n{self.note}"

    def with_entry(self) -> str:
        """Return the same file carrying the entry's own bytes, so that it can be checked alone."""
        carried = base64.b64encode(self.body.encode()).decode()
        return str(self).replace("\n", f"\nextra {carried}\n", 1)


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Proof that the tree of the earlier note is a prefix of the later one's. `str()` is a file."""

    earlier: str
    later: str
    path: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{CONSISTENCY}\n{_lines(self.path)}\n{self.later}"


def _lines(path: tuple[bytes, ...]) -> str:
    return "".join(f"{base64.b64encode(node).decode()}\n" for node in path)
