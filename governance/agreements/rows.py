"""The stored versions of agreements and what was recorded of them, read for those that change them."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.agreements.documents import AgreementRefused
from governance.store import agreement, agreement_status
from governance.terms import AgreementStatus

_WRITTEN: Final = (AgreementStatus.DRAFT, AgreementStatus.ASSURED)


def held_version(session: Session, agreement_id: str) -> Any:
    """Return the row of a version; raise AgreementRefused where there is none."""
    row = session.execute(select(agreement).where(agreement.c.id == agreement_id)).one_or_none()
    if row is None:
        raise AgreementRefused("no such agreement is held")
    return row


def status_of(session: Session, agreement_id: str) -> AgreementStatus:
    """Return where an agreement stands now."""
    query = (
        select(agreement_status.c.status)
        .where(agreement_status.c.agreement_id == agreement_id)
        .order_by(agreement_status.c.ordinal.desc())
        .limit(1)
    )
    return AgreementStatus(session.execute(query).scalar_one())


def recorders(session: Session, agreement_id: str) -> dict[AgreementStatus, str]:
    """Return who brought a version in (as draft) and who assured it last."""
    column = agreement_status.c
    query = select(column.status, column.recorded_by, column.ordinal).where(column.agreement_id == agreement_id)
    found: dict[AgreementStatus, str] = {}
    for row in session.execute(query.order_by(column.ordinal)):
        status = AgreementStatus(row.status)
        if status in _WRITTEN and not (status is AgreementStatus.DRAFT and status in found):
            found[status] = row.recorded_by
    return found
