"""Governance facts beside the extracts: who works with whom, what families said, what must stay blocked.

Persons exist only after linkage, so a fact names its subject by dataset, record id and role, as the import
expects.
"""

from collections.abc import Set
from datetime import date, timedelta
from pathlib import Path
from random import Random

from app.county.books import Table
from app.county.reference import ORGANISATIONS, OUT_OF_HOURS
from app.county.roster import Roster

REF = ("dataset", "record_id", "person_role")
TABLES = {
    "organisations": (
        "code",
        "name_en",
        "name_cy",
        "kind",
        "nation",
        "duty_desk",
        "telephone",
        "out_of_hours_desk",
        "out_of_hours_telephone",
    ),
    "staff": ("username", "name", "organisation", "role", "team", "training_until", "telephone"),
    "caseloads": ("username", *REF, "kind", "since", "until"),
    "declarations": ("username", *REF, "kind"),
    "wishes": ("kind", *REF, "answer", "scope", "signer", "basis", "valid_from", "expires", "language"),
    "blocks": ("kind", *REF, "against_dataset", "against_record_id", "against_role", "since", "until"),
    "supersessions": ("old_nhs_number", "new_nhs_number"),
    "sealed": ("nhs_number_a", "nhs_number_b"),
}
Ref = tuple[str, str, str]
"""Dataset, record id and role: how a fact names a person."""


class Facts:
    """Writes the fact tables. A fact about a row in `unusable` is left out, since no import could find its person."""

    def __init__(self, folder: Path, roster: Roster, unusable: Set[tuple[str, str]] = frozenset()) -> None:
        self._unusable = unusable
        self._tables = {name: Table(folder / f"{name}.csv", columns) for name, columns in TABLES.items()}
        for organisation in ORGANISATIONS:
            self._tables["organisations"].row((*organisation, *OUT_OF_HOURS.get(organisation[4], ("", ""))))
        roster.write(self._tables["staff"])

    def caseload(
        self, username: str, dataset: str, record: str, role: str, kind: str, since: date, until: date | None = None
    ) -> None:
        """Say that a worker has to do with a person. `kind` is a RelationshipKind of governance."""
        if (dataset, record) not in self._unusable:
            self._tables["caseloads"].row((username, dataset, record, role, kind, since, until or ""))

    def declare(self, username: str, subject: Ref, kind: str) -> None:
        self._tables["declarations"].row((username, *subject, kind))

    def wish(
        self, kind: str, subject: Ref, answer: str, scope: str, signer: str, basis: str, since: date,
        expires: date | None = None, language: str = "en",
    ) -> None:  # fmt: skip
        """Record a consent, objection, restriction or opt-out about one person.

        `scope` is ';'-joined categories or agreements, or '*'; `signer` is the role of the same record who spoke.
        """
        if subject[:2] not in self._unusable:
            self._tables["wishes"].row((kind, *subject, answer, scope, signer, basis, since, expires or "", language))

    def block(self, kind: str, subject: Ref, against: Ref | None, since: date, until: date | None = None) -> None:
        if subject[:2] not in self._unusable and (against is None or against[:2] not in self._unusable):
            self._tables["blocks"].row((kind, *subject, *(against or ("", "", "")), since, until or ""))

    def supersede(self, old: str, new: str) -> None:
        self._tables["supersessions"].row((old, new))

    def seal(self, one: str, other: str) -> None:
        self._tables["sealed"].row((one, other))

    def random_wish(self, rng: Random, dataset: str, record: str, day: date, wales: bool) -> None:
        """Let most parents in early help consent, some refuse, and a few withdraw later."""
        draw = rng.random()
        answer = "given" if draw < 0.85 else "refused"
        subject, language = (dataset, record, "self"), "cy" if wales and rng.random() < 0.3 else "en"
        basis, scope = "parental_responsibility", "early_help;family_support;strengths"
        self.wish("consent", subject, answer, scope, "parent", basis, day, day + timedelta(days=730), language)
        if draw < 0.05:
            self.wish(
                "consent", subject, "withdrawn", scope, "parent", basis, day + timedelta(days=120), None, language
            )

    def agreed(self, rng: Random, dataset: str, record: str, day: date) -> None:
        """Let most adults who come to the charity agree that it shares what they do together."""
        answer = "given" if rng.random() < 0.9 else "refused"
        subject, until = (dataset, record, "self"), day + timedelta(days=730)
        self.wish("consent", subject, answer, "family_support;strengths", "self", "adult_self", day, until)

    def opt_out(self, births: list[str], day: date) -> None:
        """Keep a mother and her babies out of planning and research (the national data opt-out, England only)."""
        for record in births:
            subject, basis = ("maternity-births", record, "baby"), "parental_responsibility"
            self.wish("opt_out", subject, "made", "*", "mother", basis, day)
        self.wish("opt_out", ("maternity-births", births[0], "mother"), "made", "*", "mother", "adult_self", day)

    def close(self) -> None:
        for table in self._tables.values():
            table.close()
