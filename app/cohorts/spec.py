"""Reading a cohort question from a YAML or JSON document.

Invariants: every word is from a closed vocabulary; an unknown field is an error; errors name line and field and never
repeat what was written.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.cohorts.question import OLDEST_MONTHS, WIDEST_WINDOW_MONTHS, Criterion, Geography, Question
from governance.disclosure import PROFILES
from linkage.catalogue import catalogue
from linkage.intake.spec_yaml import Path, SpecProblem, SpecTree, dotted, read_tree
from linkage.rows import EventStatus

LONGEST_DOCUMENT = 20_000
MOST_CRITERIA = 6

Month = Annotated[str, Field(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")]
Months = Annotated[int, Field(ge=-12, le=OLDEST_MONTHS)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]


class QuestionRefused(Exception):
    """A question that cannot be asked; each problem names line and field."""

    def __init__(self, problems: list[SpecProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in problems))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Window(_Model):
    from_: Month = Field(alias="from")
    to: Month

    @model_validator(mode="after")
    def in_order(self) -> "_Window":
        months = _number(self.to) - _number(self.from_) + 1
        if not 1 <= months <= WIDEST_WINDOW_MONTHS:
            raise ValueError("window")
        return self


class _Ages(_Model):
    from_: Months = Field(alias="from")
    to: Months

    @model_validator(mode="after")
    def in_order(self) -> "_Ages":
        if self.to < self.from_:
            raise ValueError("window")
        return self


class _Criterion(_Model):
    event: str
    status: list[EventStatus] = Field(default=[EventStatus.HAPPENED], min_length=1, max_length=len(EventStatus))
    within_months: _Ages

    @model_validator(mode="after")
    def known(self) -> "_Criterion":
        if self.event not in catalogue().event_types:
            raise ValueError("event")
        return self


class _Resident(_Model):
    geography: Literal[Geography.WARD, Geography.LOCALITY]


class _Population(_Model):
    born: _Window
    resident: _Resident
    has: list[_Criterion] = Field(default=[], max_length=MOST_CRITERIA)
    has_not: list[_Criterion] = Field(default=[], max_length=MOST_CRITERIA)


class _Document(_Model):
    cohort: Literal["1"]
    title: str = Field(min_length=1, max_length=160)
    project: Code
    population: _Population
    group_by: Geography
    disclosure: str = "nhs-subnational"

    @model_validator(mode="after")
    def profiled(self) -> "_Document":
        if self.disclosure not in PROFILES:
            raise ValueError("profile")
        return self


SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "extra_forbidden": "holds a field that is not known here",
        "window": "ends before it begins, or is too wide",
        "event": "names an event that is not in the catalogue",
        "profile": "names a disclosure profile that does not exist",
        "enum": "is not one of the words allowed here",
        "literal_error": "is not one of the words allowed here",
        "string_pattern_mismatch": "is not written as it should be (a month is YYYY-MM)",
        "greater_than_equal": "is too small",
        "less_than_equal": "is too large",
        "too_long": "has too many entries",
        "too_short": "has no entry",
    }
)
OTHERWISE = "cannot be understood"


def read_question(text: str) -> Question:
    """Return the question a document asks. Raises QuestionRefused."""
    if len(text) > LONGEST_DOCUMENT:
        raise QuestionRefused([SpecProblem(1, "(question)", f"longer than {LONGEST_DOCUMENT} characters")])
    tree = read_tree(text)
    if tree.problems:
        raise QuestionRefused(
            [SpecProblem(p.line, "(question)", "not YAML or JSON that we read") for p in tree.problems]
        )
    try:
        return _question(_Document.model_validate(tree.value))
    except ValidationError as fault:
        raise QuestionRefused([_problem(tree, error) for error in fault.errors(include_input=False)]) from None


def _problem(tree: SpecTree, error: Any) -> SpecProblem:
    kind, path = error["type"], tuple(error["loc"])
    if kind == "value_error":
        kind = str(error["ctx"]["error"])
    # the last step of a path that is not known here is the writer's own word
    known: Path = path[:-1] if kind == "extra_forbidden" else path
    return SpecProblem(tree.line(path), dotted(known), SENTENCES.get(kind, OTHERWISE))


def _question(document: _Document) -> Question:
    population = document.population
    return Question(
        project=document.project,
        title=document.title,
        born_from=population.born.from_,
        born_to=population.born.to,
        has=_criteria(population.has),
        has_not=_criteria(population.has_not),
        resident=Geography(population.resident.geography),
        group_by=document.group_by,
        profile=document.disclosure,
    )


def _criteria(entries: list[_Criterion]) -> tuple[Criterion, ...]:
    return tuple(
        sorted({
            Criterion(e.event, tuple(sorted(set(e.status))), e.within_months.from_, e.within_months.to)
            for e in entries
        })
    )  # fmt: skip


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1
