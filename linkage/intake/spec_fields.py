"""The parts a dataset spec is made of, and the short forms people may write for them.

Invariants: a short form means exactly its long form (`COL` is `{column: COL}`); a value kept from an extract is a
listed code, a bounded number or a boolean, never free text; every word is checked against the catalogue.
"""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from linkage.catalogue import catalogue
from linkage.normalise import dates
from linkage.rows import EventStatus, Sex

LARGEST_NUMBER = 999_999
"""Event values stay within this, so that no number, date or telephone of a person can pass as a value."""


def _plain(value: Any) -> Any:
    return value if isinstance(value, (dict, list)) or value is None else str(value)


def _as_name(value: Any) -> Any:
    plain = _plain(value)
    return unicodedata.normalize("NFC", plain.strip()) if isinstance(plain, str) else plain


def _as_column(value: Any) -> Any:
    return value if isinstance(value, dict) else {"column": value}


def _as_value(value: Any) -> Any:
    return value if isinstance(value, dict) else {"value": value}


def _as_code(value: Any) -> Any:
    return value if isinstance(value, dict) else {"code": value}


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _known(vocabulary: str) -> Callable[[str], str]:
    def check(word: str) -> str:
        if word not in getattr(catalogue(), vocabulary):
            raise ValueError(f"not one of the {vocabulary.replace('_', ' ')} of the catalogue")
        return word

    return check


_PLAIN_SCHEMA = {"type": ["string", "number", "boolean"]}
Text = Annotated[str, Field(min_length=1, max_length=500)]
Plain = Annotated[str, BeforeValidator(_plain), WithJsonSchema(_PLAIN_SCHEMA)]
Label = Annotated[str, BeforeValidator(_plain), Field(min_length=1, max_length=120), WithJsonSchema(_PLAIN_SCHEMA)]
Column = Annotated[str, BeforeValidator(_as_name), Field(min_length=1, max_length=200), WithJsonSchema(_PLAIN_SCHEMA)]
Columns = Annotated[
    tuple[Column, ...],
    BeforeValidator(_as_list, json_schema_input_type=Column | list[Column]),
    Field(min_length=1),
]
Patterns = Annotated[
    tuple[Plain, ...], BeforeValidator(_as_list, json_schema_input_type=Plain | list[Plain]), Field(min_length=1)
]
PlainList = Annotated[
    tuple[Plain, ...], BeforeValidator(_as_list, json_schema_input_type=Plain | list[Plain]), Field(min_length=1)
]
Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Codes = dict[Plain, Annotated[Plain, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]]
EventTypeName = Annotated[
    str, AfterValidator(_known("event_types")), Field(json_schema_extra={"x-vocabulary": "event_types"})
]
Category = Annotated[str, AfterValidator(_known("categories")), Field(json_schema_extra={"x-vocabulary": "categories"})]
ServiceName = Annotated[str, AfterValidator(_known("services")), Field(json_schema_extra={"x-vocabulary": "services"})]
CodeListName = Annotated[
    str, AfterValidator(_known("code_lists")), Field(json_schema_extra={"x-vocabulary": "code_lists"})
]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_by_alias=True)


class Provider(Part):
    """Who sends the extract: an organisation code, or any name when there is none."""

    code: Label
    name: Text | None = None
    kind: Text | None = None
    nation: Text | None = None


class Title(Part):
    en: Text
    cy: Text | None = None


class FileHints(Part):
    """How the file is written; found out from the file when absent."""

    format: Literal["csv", "parquet", "xlsx"] | None = None
    encoding: Literal["utf-8", "utf-16", "windows-1252"] | None = None
    delimiter: Literal[",", "\t", ";", "|", "comma", "tab", "semicolon", "pipe"] | None = None
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1, le=100)] = 1


def _readable(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for problem in filter(None, map(dates.pattern_problem, patterns)):
        raise ValueError(problem)
    return patterns


def _whole(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(dates.pattern_has_day, _readable(patterns))):
        raise ValueError("a date of birth needs day, month and year")
    return patterns


class DateColumn(Part):
    column: Column
    format: Annotated[Patterns, AfterValidator(_readable)] = ()


class BirthDateColumn(Part):
    column: Column
    format: Annotated[Patterns, AfterValidator(_whole)] = ()


class TextColumn(Part):
    """One column, or several joined by a space."""

    column: Columns


class NameColumn(Part):
    """A name, or part of one: its first word, all but the first, or the last."""

    column: Columns
    part: Literal["first", "rest", "last"] | None = None


class PostcodeColumn(Part):
    column: Column
    format: Literal["uk", "any"] = "uk"


class SexColumn(Part):
    column: Column
    codes: dict[Plain, Sex] | None = None


class Source(Part):
    """What a column says, or one value for all rows."""

    column: Column | None = None
    value: Label | None = None

    @model_validator(mode="after")
    def _column_or_value(self) -> Self:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column or value")
        return self


class StatusSource(Part):
    """One status for all rows, or a column's codes."""

    value: EventStatus | None = None
    column: Column | None = None
    codes: dict[Plain, EventStatus] | None = None

    @model_validator(mode="after")
    def _value_or_codes(self) -> Self:
        if (self.value is None) == (self.column is None) or (self.column is None) != (self.codes is None):
            raise ValueError("give a status, or a column with codes")
        return self


class ValueColumn(Part):
    """A value kept with an event: a listed code, a bounded number or a boolean."""

    column: Column
    type: Literal["code", "integer", "decimal", "boolean"] = "code"
    codes: Codes | None = None
    code_list: CodeListName | None = None
    min: Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)] | None = None
    max: Annotated[float, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)] | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        lists = sum(held is not None for held in (self.codes, self.code_list))
        if lists != (self.type == "code"):
            raise ValueError("a code needs either codes or code_list, and nothing else may have them")
        if self.type in ("code", "boolean") and (self.min, self.max) != (None, None):
            raise ValueError("only an integer or decimal has min and max")
        return self

    def code_table(self) -> dict[str, str]:
        """What the extract may say -> what is kept."""
        return dict(self.codes or catalogue().code_lists.get(self.code_list or "", {}))


class OnlyIf(Part):
    """A condition on one column: among these, none of these, or filled."""

    column: Column
    is_: Annotated[PlainList | None, Field(alias="is")] = None
    not_: Annotated[PlainList | None, Field(alias="not")] = None
    present: bool | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if sum(held is not None for held in (self.is_, self.not_, self.present)) != 1:
            raise ValueError("give one of is, not, present")
        return self


AnyDate = Annotated[DateColumn, BeforeValidator(_as_column, json_schema_input_type=Column | DateColumn)]
AnyBirthDate = Annotated[BirthDateColumn, BeforeValidator(_as_column, json_schema_input_type=Column | BirthDateColumn)]
AnyText = Annotated[TextColumn, BeforeValidator(_as_column, json_schema_input_type=Column | list[Column] | TextColumn)]
AnyName = Annotated[NameColumn, BeforeValidator(_as_column, json_schema_input_type=Column | list[Column] | NameColumn)]
AnyPostcode = Annotated[PostcodeColumn, BeforeValidator(_as_column, json_schema_input_type=Column | PostcodeColumn)]
AnySex = Annotated[SexColumn, BeforeValidator(_as_column, json_schema_input_type=Column | SexColumn)]
AnySource = Annotated[Source, BeforeValidator(_as_column, json_schema_input_type=Column | Source)]
AnyStatus = Annotated[StatusSource, BeforeValidator(_as_value, json_schema_input_type=EventStatus | StatusSource)]
AnyProvider = Annotated[Provider, BeforeValidator(_as_code, json_schema_input_type=Label | Provider)]


class Coverage(Part):
    """What period, area, population and services a load speaks for."""

    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    areas: tuple[Plain, ...] = ()
    population: Text | None = None
    services: tuple[ServiceName, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("coverage ends before it starts")
        return self
