"""Agreements to read, from the command line."""

import json
from typing import Any

from app.commands.agreement_options import Code, held_version
from app.commands.options import AsJson
from app.commands.output import show
from app.deployment import open_deployment
from app.settings import Settings


def export(code: Code, as_json: AsJson = False) -> None:
    """Print a version's document as JSON."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        held = held_version(session, code)
    document: dict[str, Any] = dict(held.document)
    show(document if as_json else {"document": json.dumps(document, indent=1, ensure_ascii=False)}, as_json=as_json)
