"""Who may sign in and who is signed in, from the command line.

Invariants: what is ended or linked from here is an entry with it; a list of sessions names them so that they can be
ended, never so that they can be used; of a provider only what it publishes is asked.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import sessions
from app.commands.noting import BY
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.oidc.client import open_clients
from app.oidc.providers import Provider, read_providers
from app.oidc.refusals import SignInRefused
from app.sessions import EndedWhy, OpenSession
from app.settings import Settings
from governance import identity_links
from governance.store import staff

Username = Annotated[str, typer.Argument(help="The member of staff, by username.")]
ProviderName = Annotated[str, typer.Option("--provider", help="The provider's name in the file of providers.")]


def list_sessions(as_json: AsJson = False) -> None:
    """List who is signed in."""
    settings, now = Settings(), datetime.now(UTC)
    with open_deployment(settings) as deployment, deployment.database.reading() as session:
        held = sessions.living(session, settings, now)
    if as_json:
        show({"sessions": [_written(one) for one in held]}, as_json=True)
        return
    show({one.name: f"{one.staff_name}, {one.role}, {one.organisation}, since {one.created_at:%Y-%m-%d %H:%M} UTC"
          for one in held} or {"sessions": "none"}, as_json=False, title="Signed in")  # fmt: skip


def end(
    name: Annotated[str | None, typer.Argument(help="A session's name, from `sessions list`.")] = None,
    worker: Annotated[str | None, typer.Option(help="End every session of this member of staff.")] = None,
    as_json: AsJson = False,
) -> None:
    """End a session, or all of one member of staff, at once."""
    if (name is None) == (worker is None):
        raise Refused("name one session, or give --worker")
    now = datetime.now(UTC)
    with open_deployment(Settings()) as deployment:
        if name is not None:
            ended = int(sessions.end_named(deployment, name, EndedWhy.BY_COMMAND, BY, now))
        else:
            with deployment.database.reading() as session:
                staff_id = _staff_id(session, worker or "")
            ended = sessions.end_of_staff(deployment, staff_id, EndedWhy.BY_COMMAND, BY, now)
    show({"ended": ended}, as_json=as_json, title="Sessions")
    if ended == 0:
        raise typer.Exit(Exit.NO)


def link(
    username: Username,
    subject: Annotated[str, typer.Argument(help="The provider's own word for this person (`sub`, for Entra `oid`).")],
    provider: ProviderName,
    as_json: AsJson = False,
) -> None:
    """Record which subject of a provider a member of staff is."""
    settings = Settings()
    issuer = _provider(settings, provider).issuer
    with open_deployment(settings) as deployment, deployment.database.writing() as session:
        staff_id, now = _staff_id(session, username), datetime.now(UTC)
        made = identity_links.link(session, deployment.ring, now, BY, staff_id=staff_id, issuer=issuer, subject=subject)
    show({"link": made, "provider": provider}, as_json=as_json, title="Linked")


def links(username: Username, as_json: AsJson = False) -> None:
    """List which subjects a member of staff is. The subjects themselves stay in the database."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        held = identity_links.open_links(session, [_staff_id(session, username)])
    show({"links": [{"link": one.id, "issuer": one.issuer} for one in held]}, as_json=as_json, title="Links")


def unlink(link_id: Annotated[str, typer.Argument(metavar="LINK")], as_json: AsJson = False) -> None:
    """End a link: from then on that subject is nobody here."""
    with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
        identity_links.unlink(session, deployment.ring, datetime.now(UTC), BY, link_id)
    show({"ended": link_id}, as_json=as_json, title="Link")


def check(as_json: AsJson = False) -> None:
    """Read the file of providers and ask each what it publishes; exit 1 where one cannot be used."""
    settings, now = Settings(), datetime.now(UTC)
    found: dict[str, str] = {}
    for name, client in open_clients(settings).items():
        try:
            client.ask(now)
            found[name] = "usable"
        except SignInRefused as refused:
            found[name] = str(refused.why)
    show({"providers": found}, as_json=as_json, title="Sign-in")
    if set(found.values()) != {"usable"}:
        raise typer.Exit(Exit.NO)


def _provider(settings: Settings, name: str) -> Provider:
    if settings.sign_in_file is not None:
        for provider in read_providers(settings.sign_in_file):
            if provider.name == name:
                return provider
    raise Refused("no such provider: see FAMILY_RECORD_SIGN_IN_FILE")


def _staff_id(session: Session, username: str) -> str:
    found: str | None = session.scalars(select(staff.c.id).where(staff.c.username == username)).one_or_none()
    if found is None:
        raise Refused("no such member of staff", Exit.NO)
    return found


def _written(one: OpenSession) -> dict[str, object]:
    return {
        "name": one.name, "worker": one.username, "organisation": one.organisation, "role": str(one.role),
        "provider": one.provider, "assurance": one.assurance, "since": one.created_at.isoformat(),
        "last_seen": one.seen_at.isoformat(),
    }  # fmt: skip
