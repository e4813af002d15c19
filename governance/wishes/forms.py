"""The forms families sign: versioned, in two languages, each module a question of its own.

Invariants: a version never changes, and the hash of its text in the language signed is what a signed form names; a
withdrawal or refusal belongs to one consent form, and each of its modules takes back all that form's asks for; not
being asked is not an answer; a consent form says how long it holds. Welsh that no Welsh speaker has read is marked as
such.
Sources: UK GDPR Articles 4(11), 7(2) (granular, distinguishable); the gICS model of policies, modules and templates;
Welsh Language (Wales) Measure 2011.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib import resources
from json import loads
from typing import Any, Final

import rfc8785
from jsonschema import Draft202012Validator

from governance.agreements.findings import field_name
from governance.agreements.flows import Text
from governance.agreements.marked_yaml import Unreadable, read_marked
from governance.terms import FormFault, FormKind, WishAnswer, WishKind

KIND_OF_WISH: Final[Mapping[FormKind, WishKind]] = {
    FormKind.CONSENT: WishKind.CONSENT,
    FormKind.WITHDRAWAL: WishKind.CONSENT,
    FormKind.REFUSAL: WishKind.CONSENT,
    FormKind.OBJECTION: WishKind.OBJECTION,
}
"""What a module answered becomes."""

FORM_ANSWERS: Final[Mapping[FormKind, frozenset[WishAnswer]]] = {
    FormKind.CONSENT: frozenset({WishAnswer.GIVEN, WishAnswer.REFUSED}),
    FormKind.WITHDRAWAL: frozenset({WishAnswer.WITHDRAWN}),
    FormKind.REFUSAL: frozenset({WishAnswer.REFUSED}),
    FormKind.OBJECTION: frozenset({WishAnswer.MADE}),
}
"""What may be answered to a module; a module left out was not asked."""

_GIVING: Final = frozenset({WishAnswer.GIVEN})

VOIDS: Final[Mapping[FormFault, frozenset[WishAnswer]]] = {
    FormFault.NOT_SIGNED: _GIVING,
    FormFault.NOT_LEGIBLE: _GIVING,
    FormFault.OUT_OF_DATE_FORM: _GIVING,
    FormFault.SIGNER_NOT_ENTITLED: _GIVING,
    FormFault.NOT_EXPLAINED: _GIVING,
    FormFault.WRONG_PERSON: frozenset(WishAnswer),
}
"""Which answers stop counting with a form. Whoever said no on a faulty form still said no, unless it was not theirs."""


class FormRefused(Exception):
    """A form that cannot be taken. The message names line and field."""


@dataclass(frozen=True, slots=True)
class Module:
    code: str
    scope: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Form:
    """One version of a form. `of` is the consent form that a withdrawal or refusal answers."""

    code: str
    version: int
    kind: FormKind
    of: str | None
    title: Text
    text: Text
    modules: tuple[Module, ...]
    expires_months: int | None
    welsh_reviewed: bool

    def module(self, code: str) -> Module | None:
        return next((module for module in self.modules if module.code == code), None)

    def text_hash(self, language: str) -> str:
        """Return the SHA-256 (hex) of all that is read in one language (`en` or `cy`)."""
        said = {
            "form": self.code,
            "version": self.version,
            "language": language,
            "title": getattr(self.title, language),
            "text": getattr(self.text, language),
            "modules": [
                {"module": m.code, "scope": list(m.scope), "text": getattr(m.text, language)} for m in self.modules
            ],
        }
        return sha256(rfc8785.dumps(said)).hexdigest()

    def expiry(self, signed: date) -> date | None:
        """Return the first day on which a consent signed on that day no longer holds."""
        return None if self.expires_months is None else months_later(signed, self.expires_months)


@dataclass(frozen=True, slots=True)
class Forms:
    """Every version of every form a deployment knows."""

    held: Mapping[tuple[str, int], Form]

    def version(self, code: str, version: int) -> Form | None:
        return self.held.get((code, version))

    def newest(self, code: str) -> Form | None:
        """Return the version to sign now."""
        return max((form for form in self.held.values() if form.code == code), key=lambda f: f.version, default=None)

    def to_sign(self) -> tuple[Form, ...]:
        """Return the newest version of each form, by code."""
        codes = sorted({form.code for form in self.held.values()})
        return tuple(form for code in codes if (form := self.newest(code)) is not None)


def months_later(day: date, months: int) -> date:
    """Return the day that many months on, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def form_from(text: str) -> Form:
    """Return the form that YAML text describes. Raises FormRefused naming line and field."""
    try:
        marked = read_marked(text)
    except Unreadable as fault:
        raise FormRefused(str(fault)) from None
    found = _validator().iter_errors(marked.data)
    errors = sorted(found, key=lambda e: (not e.absolute_path, marked.line(tuple(e.absolute_path)), e.message))
    if errors:
        path = tuple(errors[0].absolute_path)
        raise FormRefused(f"line {marked.line(path)}: {field_name(path)}: does not fit: {errors[0].validator}")
    form = _form(marked.data)
    codes = [module.code for module in form.modules]
    repeated = next((place for place, code in enumerate(codes) if code in codes[:place]), None)
    if repeated is not None:
        line = marked.line(("modules", repeated))
        raise FormRefused(f"line {line}: {field_name(('modules', repeated, 'module'))}: is there twice")
    return form


def collected(forms: list[Form]) -> Forms:
    """Return these forms together. Raises FormRefused where they contradict each other."""
    held: dict[tuple[str, int], Form] = {}
    for form in forms:
        if (form.code, form.version) in held:
            raise FormRefused(f"{form.code} version {form.version}: is there twice")
        held[form.code, form.version] = form
    together = Forms(held)
    for form in forms:
        _belongs(form, together)
    return together


@cache
def shipped() -> Forms:
    """Return the forms that come with the service."""
    folder = resources.files("governance.wishes").joinpath("forms_shipped")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return collected([form_from(file.read_text("utf-8")) for file in files])


def _belongs(form: Form, together: Forms) -> None:
    if form.of is None:
        return
    answered = together.newest(form.of)
    if answered is None or answered.kind is not FormKind.CONSENT:
        raise FormRefused(f"{form.code} version {form.version}: of: there is no such consent form")
    asked = {module.code: set(module.scope) for module in answered.modules}
    if any(module.code not in asked or not asked[module.code] <= set(module.scope) for module in form.modules):
        raise FormRefused(f"{form.code} version {form.version}: modules: do not answer those of {form.of}")


def _form(data: Mapping[str, Any]) -> Form:
    return Form(
        code=data["form"],
        version=data["version"],
        kind=FormKind(data["kind"]),
        of=data.get("of"),
        title=Text(**data["title"]),
        text=Text(**data["text"]),
        modules=tuple(Module(m["module"], tuple(sorted(m["scope"])), Text(**m["text"])) for m in data["modules"]),
        expires_months=data.get("expires_months"),
        welsh_reviewed=data.get("welsh_reviewed", False),
    )


def _validator() -> Draft202012Validator:
    schema = resources.files("governance.wishes").joinpath("schemas/form.schema.json").read_text("utf-8")
    return Draft202012Validator(loads(schema))
