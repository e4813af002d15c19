"""Whom to ring: duty desks, by day and out of hours.

Invariant: an answer that must look like nothing found names the reader's own organisation and no other.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.store import organisation


@dataclass(frozen=True, slots=True)
class Ring:
    """One organisation's desks; `name_cy` where it has a Welsh name."""

    code: str
    name_en: str
    name_cy: str | None
    desk: str | None
    telephone: str | None
    out_of_hours_desk: str | None
    out_of_hours_telephone: str | None


def whom_to_ring(session: Session, own: str, sources: Collection[str] = ()) -> list[Ring]:
    """Return the reader's own organisation first, then those that hold back what was asked for."""
    table, wanted = organisation.c, {own, *sources}
    rows = session.execute(
        select(
            table.code, table.name_en, table.name_cy, table.duty_desk, table.telephone, table.out_of_hours_desk,
            table.out_of_hours_telephone,
        ).where(table.code.in_(sorted(wanted)))
    )  # fmt: skip
    return sorted((Ring(*row) for row in rows), key=lambda ring: (ring.code != own, ring.code))
