"""Finding a child: from what was typed to candidates, and to those who may be listed.

Invariants: what was typed lives for one request, in a value that shows nothing of itself; it is pseudonymised before
anything is looked up; finding nothing is logged as any search is; an address never carries any of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Final

from app.deployment import Deployment
from app.language import N_
from linkage.encoding.encode import RoleIdentity
from linkage.index import placing, search
from linkage.index.index import Index, index_version, open_index
from linkage.index.placing import Placement
from linkage.index.search import Strength
from linkage.normalise import numbers
from linkage.persons.whose import persons_of
from linkage.rows import Identity

NAME_LONGEST = 80
MOST_HITS = 20

STRENGTHS: Final[Mapping[Strength, str]] = {
    Strength.EXACT: N_("Exact match"),
    Strength.STRONG: N_("Strong match"),
    Strength.POSSIBLE: N_("Possible match"),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate and how well it matches: `strength` is a message of the catalogue."""

    person_id: str
    strength: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """What could not be read: the field and what to do about it, never what was typed."""

    field: str
    message: str


def read_form(fields: Mapping[str, str]) -> Identity | list[Unclear]:
    """Return who is looked for, or what is unclear."""
    number = fields.get("number", "").strip()
    if number:
        found = number_of(number)
        return found or [Unclear("number", N_("Enter a whole NHS number (10 digits) or UPN (13 characters)"))]
    family, given = fields.get("family_name", "").strip(), fields.get("given_name", "").strip()
    born = _born(fields)
    unclear = [born] if isinstance(born, Unclear) else []
    if not family and not given:
        unclear.insert(0, Unclear("number", N_("Enter a number, or a name")))
    if len(family) > NAME_LONGEST or len(given) > NAME_LONGEST:
        unclear.append(Unclear("family_name", N_("The name is too long")))
    if unclear:
        return unclear
    assert not isinstance(born, Unclear)
    return Identity(given_name=given or None, family_name=family or None, date_of_birth=born)


def number_of(text: str) -> Identity | None:
    """Read an NHS number or a UPN; None where it is neither."""
    nhs = numbers.nhs_number(text)
    if not _failed(nhs):
        return Identity(nhs_number=str(nhs))
    upn = numbers.upn(text)
    return None if _failed(upn) else Identity(upn=str(upn))


def _failed(outcome: object) -> bool:
    return type(outcome) is not str


def _born(fields: Mapping[str, str]) -> date | Unclear | None:
    parts = [fields.get(name, "").strip() for name in ("day", "month", "year")]
    if not any(parts):
        return None
    if all(part.isascii() and part.isdecimal() for part in parts) and len(parts[2]) == 4:
        try:
            return date(int(parts[2]), int(parts[1]), int(parts[0]))
        except ValueError:
            pass
    return Unclear("day", N_("Enter a real date of birth, or leave it out"))


class SearchIndex:
    """The newest published index, kept open between searches and opened again when linkage publishes another."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment, self._lock = deployment, Lock()
        self._open: tuple[str, Index] | None = None

    def find(self, sought: Identity) -> list[Hit]:
        """Return candidates, the best first; none where nothing has been linked yet."""
        with self._lock:
            index = self._newest()
            held = search.find(index, _query(sought), self._persons_of) if index else []
        return [Hit(hit.person_id, STRENGTHS[hit.strength]) for hit in held[:MOST_HITS]]

    def place(self, stated: Identity) -> list[Placement]:
        """Return the persons whom a record with this identity may be, the best first."""
        role = RoleIdentity("", "", "", "", "", False, False, stated)
        with self._lock:
            index = self._newest()
            return placing.place(index, role, self._persons_of) if index else []

    def find_by_number(self, text: str) -> list[str] | None:
        """Return the persons with this number; None where the text is no number."""
        sought = number_of(text)
        return None if sought is None else [hit.person_id for hit in self.find(sought)]

    def _persons_of(self, roles: Sequence[str]) -> Mapping[str, str]:
        with self._deployment.database.reading() as session:
            return persons_of(session, roles)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open[1].close()
                self._open = None

    def _newest(self) -> Index | None:
        zone, version = self._deployment.settings.zone, index_version(self._deployment.settings.zone)
        if version is None:
            return None
        if self._open is None or self._open[0] != version:
            if self._open:
                self._open[1].close()
            self._open = (version, open_index(zone, self._deployment.ring))
        return self._open[1]


def _query(sought: Identity) -> search.SearchQuery:
    return search.SearchQuery(
        sought.nhs_number, sought.upn, sought.given_name, sought.family_name, sought.date_of_birth
    )
