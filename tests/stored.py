"""A small record store written row by row: persons, records, events, ties, loads, with the least said each time."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from linkage import store
from linkage.rows import PersonId

LOADED = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Stored:
    """Writes through one session; the caller commits. Ids are readable, since nothing here is anyone's."""

    session: Session
    _numbers: Any = field(default_factory=lambda: count(1))
    _datasets: set[str] = field(default_factory=set)
    _loads: dict[str, str] = field(default_factory=dict)
    _roles: dict[tuple[str, str], str] = field(default_factory=dict)

    def _id(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):06d}"

    def person(self, name: str, born: str | None = "2022-03", sex: str | None = None, **other: Any) -> PersonId:
        values = {"unborn": born is None, "birth_month": born, "sex": sex, "created_run": "run"} | other
        self.session.execute(insert(store.person).values(id=name, **values))
        return PersonId(name)

    def load(self, dataset: str, provider: str = "ZCH", completed: datetime | None = LOADED) -> str:
        """Add a new load of a data set, registering the data set where it is new."""
        if dataset not in self._datasets:
            self._datasets.add(dataset)
            named = {"name": dataset, "provider": provider, "spec_hash": "0", "spec": {}}
            self.session.execute(insert(store.dataset).values(**named, one_row_per_person=False, registered_at=LOADED))
        load_id = self._loads[dataset] = self._id("load")
        sizes = dict.fromkeys(("physical", "accepted", "rejected", "duplicates", "ended"), 0)
        self.session.execute(
            insert(store.load).values(
                id=load_id, dataset=dataset, kind="delta", file_digest=load_id, scope_digest="0", **sizes,
                not_covered={}, started_at=LOADED - timedelta(hours=1), completed_at=completed,
                ordinal=next(self._numbers),
            )
        )  # fmt: skip
        return load_id

    def record(self, dataset: str, provider: str = "ZCH", /, **people: str | dict[str, Any]) -> dict[str, str]:
        """Add a record with one role for each keyword; return the role ids by role."""
        load_id = self._loads.get(dataset) or self.load(dataset, provider)
        record_id = self._id("record")
        self.session.execute(
            insert(store.source_record).values(
                id=record_id, dataset=dataset, load_id=load_id, row_number=next(self._numbers)
            )
        )
        return {role: self._role(record_id, role, provider, said) for role, said in people.items()}

    def _role(self, record_id: str, role: str, provider: str, said: str | dict[str, Any]) -> str:
        values = {"person_id": said} if isinstance(said, str) else said
        role_id = self._id("role")
        known = {"unborn": False, "current": True} | values
        self.session.execute(
            insert(store.record_role).values(id=role_id, record_id=record_id, role=role, provider=provider, **known)
        )
        return role_id

    def _role_of(self, person: str, dataset: str, provider: str) -> str:
        if (person, dataset) not in self._roles:
            self._roles[person, dataset] = self.record(dataset, provider, self=person)["self"]
        return self._roles[person, dataset]

    def event(
        self, person: str, type_: str, on: date, dataset: str = "contacts", provider: str = "ZCH", **other: Any
    ) -> str:
        """Add an event; `role` and `about` name role ids, otherwise the person gets a record of their own."""
        role_id = other.pop("role", None) or self._role_of(person, dataset, provider)
        event_id = self._id("event")
        values = {
            "category": "health_visiting", "service": "health_visiting", "organisation": provider, "until": None,
            "precision": "day", "status": "happened", "values": {}, "current": True, "about_role_id": None,
        } | other  # fmt: skip
        load_id = self._loads.get(dataset) or self.load(dataset, provider)
        self.session.execute(
            insert(store.event).values(
                id=event_id, role_id=role_id, load_id=load_id, type=type_, provider=provider, occurred_on=on, **values
            )
        )
        return event_id

    def involvement(self, person: str, dataset: str = "contacts", provider: str = "ZCH", **other: Any) -> str:
        role_id = self._role_of(person, dataset, provider)
        involvement_id = self._id("involvement")
        values = {"category": "health_visiting", "service": "health_visiting", "organisation": provider} | other
        self.session.execute(
            insert(store.involvement).values(
                id=involvement_id, role_id=role_id, load_id=self._loads[dataset], provider=provider,
                **{"current": True} | values,
            )
        )  # fmt: skip
        return involvement_id

    def tie(self, a: str, relation: str, b: str, provider: str = "ZMH", **other: Any) -> None:
        values = {"dataset": "births", "standing": "confirmed", "evidence": [], "run_id": "run"} | other
        self.session.execute(
            insert(store.tie).values(
                id=self._id("tie"), person_a=a, relation=relation, person_b=b, provider=provider, **values
            )
        )

    def coverage(self, dataset: str, service: str, first: date | None, last: date | None, **other: Any) -> None:
        load_id = self.load(dataset)
        values = {"provider": "ZCH", "areas": [], "population": None} | other
        self.session.execute(
            insert(store.coverage).values(
                load_id=load_id, service=service, dataset=dataset, covers_from=first, covers_to=last, **values
            )
        )

    def run(self, at: datetime = LOADED) -> str:
        run_id = self._id("run")
        self.session.execute(
            insert(store.link_run).values(
                id=run_id, engine="duckdb", started_at=at, completed_at=at, threshold=0.9, counts={},
                ordinal=next(self._numbers),
            )
        )  # fmt: skip
        return run_id
