"""What a partnership says of itself, from the command line: organisations, staff, caseloads, wishes, blocks."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.partnering import import_partnership
from app.settings import Settings
from governance import people
from governance.people import FactRefused

BY = "command-line"


def import_(folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)], as_json: AsJson = False) -> None:
    """Import organisations, staff, caseloads, declarations, wishes and blocks from a folder's CSV files."""
    with open_deployment(Settings()) as deployment:
        imported = import_partnership(deployment, folder)
    show(imported, as_json=as_json, title="Partnership")


def end_caseload(relationship_id: str, as_json: AsJson = False) -> None:
    """End a worker's relationship with a child; it acts on the very next request."""
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        try:
            people.end_relationship(session, deployment.ring, relationship_id, datetime.now(UTC), BY)
        except FactRefused as refusal:
            raise Refused(str(refusal), Exit.NO) from None
    show({"ended": relationship_id}, as_json=as_json)
