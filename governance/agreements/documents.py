"""An agreement's file read into a value: its YAML or JSON, its published schema, its fields.

Invariants: what does not have the form of the schema is refused whole, each fault with its line and field and never
its value; the schema that is printed is the schema that is checked; a file is bounded before it is read.
Sources: JSON Schema 2020-12; RFC 8785 (only what has one canonical form is taken).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from json import loads
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from governance.agreements.findings import Finding, Severity, field_name
from governance.agreements.flows import (
    Agreement,
    Confidentiality,
    Flow,
    History,
    Identifiability,
    JointControl,
    Kind,
    NoticeLine,
    Party,
    PartyRole,
    Recipient,
    Text,
    canonical_hash,
)
from governance.agreements.marked_yaml import Marked, Unreadable, read_marked
from governance.terms import Category, LegalBasis, Purpose, Role, Say, SubjectRole, Withholding

SHIPPED: Final = ("isp-early-years", "isp-school-readiness", "isp-family-support")
LARGEST_FILE: Final = 1 << 20

_CATEGORIES: Final = frozenset(str(category) for category in Category)


class AgreementRefused(Exception):
    """An agreement, signature or move that cannot be taken. `findings` name lines and fields."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__("\n".join([message, *map(str, findings)]))
        self.findings = findings


class AgreementUnreadable(AgreementRefused):
    """A file that is no agreement: not text, not YAML, or not of the form it needs."""


def load_agreement(path: Path) -> Agreement:
    """Return the agreement in a YAML or JSON file; raise AgreementUnreadable naming lines and fields."""
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise AgreementUnreadable("the file is larger than an agreement can be (1 MiB)")
    try:
        return read_agreement(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise AgreementUnreadable("the file is not UTF-8 text") from None


def read_agreement(text: str) -> Agreement:
    """Return the agreement in this YAML text; raise AgreementUnreadable naming lines and fields."""
    try:
        marked = read_marked(text)
    except Unreadable as error:
        raise AgreementUnreadable(str(error)) from None
    findings = tuple(sorted(_fault(marked, error) for error in _validator().iter_errors(marked.data)))
    if findings:
        raise AgreementUnreadable("the agreement does not have the form it needs", findings)
    return agreement_from(marked.data, marked.lines)


def shipped(code: str) -> Agreement:
    """Return one of the agreements that come with this software."""
    text = resources.files("governance.agreements").joinpath(f"shipped/{code}.yaml").read_text("utf-8")
    return read_agreement(text)


def schema() -> dict[str, Any]:
    """Return the published JSON Schema of an agreement."""
    text = resources.files("governance.agreements").joinpath("schemas/agreement.schema.json").read_text("utf-8")
    return cast(dict[str, Any], loads(text))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=FormatChecker())


_COMPLAINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "enum": "is not one of the words allowed here",
        "type": "is of the wrong kind",
        "pattern": "is not written as it should be",
        "format": "is not a date (YYYY-MM-DD)",
        "minItems": "is empty",
        "minLength": "is empty",
        "maxLength": "is too long",
        "maxItems": "holds too many",
        "minimum": "is too small",
        "maximum": "is too large",
        "uniqueItems": "names something twice",
    }
)
_FIELD: Final = re.compile(r"'([a-z0-9_]{1,40})'")


def _fault(marked: Marked, error: ValidationError) -> Finding:
    path = tuple(error.absolute_path)
    return Finding(marked.line(path), field_name(path), Severity.ERROR, _complaint(error))


def _complaint(error: ValidationError) -> str:
    """Say what is wrong without the value: the file may not be an agreement at all."""
    kind = str(error.validator)
    if kind == "enum":
        return f"{_COMPLAINTS[kind]}: " + ", ".join(str(word) for word in cast(Iterable[object], error.validator_value))
    if kind == "required":
        return "lacks " + ", ".join(_FIELD.findall(error.message))
    if kind == "additionalProperties":
        named = _FIELD.findall(error.message)
        return "has a field that is not known here" + (f": {', '.join(named)}" if named else "")
    return _COMPLAINTS.get(kind, "is not as it should be")


def agreement_from(document: Mapping[str, Any], lines: Mapping[tuple[str | int, ...], int] | None = None) -> Agreement:
    """Return the agreement a document describes. The document has passed the schema."""
    shared = {Category(name): Withholding(how) for name, how in document["withholding"].items()}
    ages = document["population"]
    return Agreement(
        code=document["code"],
        version=document["version"],
        kind=Kind(document["kind"]),
        title=_text(document["title"]),
        lead=document["lead"],
        parties=tuple(_party(party) for party in document["parties"]),
        purposes=_text(document["purposes"]),
        ages=(ages["from_age"], ages["to_age"]),
        effective_from=date.fromisoformat(document["effective_from"]),
        review_due=date.fromisoformat(document["review_due"]),
        expires=date.fromisoformat(document["expires"]),
        flows=tuple(_flow(flow, shared) for flow in document["flows"]),
        hash=canonical_hash(document),
        retention=document.get("retention"),
        dpia=document.get("dpia"),
        best_interests=_text(document.get("best_interests")),
        areas=tuple(ages.get("areas", ())),
        population=_text(ages.get("description")),
        obligations=_text(document.get("obligations")),
        security=_text(document.get("security")),
        notice=_notice(document.get("notice")),
        joint_control=_joint(document.get("joint_control")),
        document=document,
        lines=lines or {},
    )


def _text(entry: Mapping[str, str] | None) -> Text:
    held = entry or {}
    return Text(held.get("en", ""), held.get("cy", ""))


def _party(entry: Mapping[str, Any]) -> Party:
    person, signatory = entry["designated_person"], entry.get("signatory")
    return Party(
        organisation=entry["organisation"],
        role=PartyRole(entry["role"]),
        designated_person=person["name"],
        job_title=person["job_title"],
        departments=tuple(entry.get("departments", ())),
        public_authority=entry.get("public_authority"),
        signatory=signatory["name"] if signatory else None,
    )


def _notice(entries: Sequence[Mapping[str, Any]] | None) -> tuple[NoticeLine, ...] | None:
    if entries is None:
        return None
    return tuple(NoticeLine(entry["flow"], Say(entry["say"]), _text(entry["text"])) for entry in entries)


def _joint(entry: Mapping[str, Any] | None) -> JointControl | None:
    return JointControl(entry["contact_point"], _text(entry["responsibilities"])) if entry else None


def _recipient(entry: Mapping[str, Any]) -> Recipient:
    roles = frozenset(Role(role) for role in entry["roles"])
    return Recipient(entry["organisation"], roles, frozenset(entry.get("teams", ())))


def _flow(entry: Mapping[str, Any], shared: Mapping[Category, Withholding]) -> Flow:
    own = {Category(name): Withholding(how) for name, how in entry.get("withholding", {}).items()}
    named = [str(name) for name in entry["categories"]]
    return Flow(
        no=entry["no"],
        source=entry["from"],
        to=tuple(_recipient(recipient) for recipient in entry["to"]),
        purposes=frozenset(Purpose(purpose) for purpose in entry["purposes"]),
        categories=frozenset(Category(name) for name in named if name in _CATEGORIES),
        subjects=frozenset(SubjectRole(subject) for subject in entry["subjects"]),
        basis=LegalBasis(entry["basis"]) if entry.get("basis") else None,
        article_9=entry.get("article_9"),
        gateway=tuple(entry.get("gateway", ())),
        confidentiality=Confidentiality(entry["confidentiality"]),
        say=Say(entry["say"]),
        objection_honoured=entry["objection_honoured"],
        national_opt_out_applies=entry["national_opt_out_applies"],
        type_1_applies=entry["type_1_applies"],
        identifiability=Identifiability(entry["identifiability"]),
        history=History(entry["history"]),
        withholding={**shared, **own},
        why=_text(entry.get("why")),
        unknown_categories=tuple(name for name in named if name not in _CATEGORIES),
        items=tuple(entry.get("items", ())),
        consent_form=entry.get("consent_form"),
    )
