"""Telling why persons are held to be family or to share a household."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, plain, show
from app.deployment import open_deployment
from app.settings import Settings
from app.tie_explaining import explain_ties
from governance.terms import EventKind

_COLUMNS = ("tie", "standing", "from", "until", "said by", "rows", "through")


def explain(
    person: str, other: Annotated[str | None, typer.Argument(help="Only ties with this person.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Tell which evidence made each tie: data set, provider, load and row; for ties that follow, through whom."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.EXPORT, "families-explain", [person] if other is None else [person, other])
        ties = explain_ties(deployment, person, other)
    if not ties:
        raise Refused("no tie is known that may be told", Exit.NO)
    if as_json:
        show({"ties": ties}, as_json=True)
        return
    table = Table(*_COLUMNS)
    for tie in ties:
        table.add_row(*map(plain, _line(tie)))
    Console(highlight=False).print(table)


def _line(tie: dict[str, Any]) -> tuple[str, ...]:
    rows = (
        f"{row['dataset']}, load {row['load_id']}, row {row['row_number']} ({row['role']})" for row in tie["sources"]
    )
    return (
        f"{tie['person_a']} {tie['relation'].replace('_', ' ')} {tie['person_b']}", tie["standing"],
        str(tie["since"] or ""), str(tie["until"] or ""), f"{tie['provider']}, {tie['dataset']}", "\n".join(rows),
        "\n".join(tie["through"]),
    )  # fmt: skip
