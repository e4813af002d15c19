"""Reading a dataset spec: every fault at once, each with its line and field.

Invariants: `load_spec` gives a whole, consistent spec or raises `SpecError` with all faults found; the published JSON
Schema is `json_schema()`, printed from the same classes.
"""

import difflib
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from linkage.catalogue import catalogue
from linkage.intake.spec_fields import FileHints
from linkage.intake.spec_model import SELF, DatasetSpec, Event, Involvement, Person, Tie
from linkage.intake.spec_yaml import LARGEST_SPEC, SpecProblem, SpecTree, read_tree
from linkage.intake.spec_yaml import Path as FieldPath

__all__ = [
    "SELF", "DatasetSpec", "Event", "FileHints", "Involvement", "Person", "SpecError", "SpecProblem", "Tie",
    "builtin_specs", "json_schema", "load_spec", "parse_spec",
]  # fmt: skip

SCHEMA_ID = "urn:linked-family-record:dataset-spec:1"
_ROLE_FIELDS = {"events": ("person", "about"), "involvements": ("person",), "ties": ("from", "to")}


class SpecError(Exception):
    """A spec that cannot be used. `problems` holds every fault, in the order of lines."""

    def __init__(self, problems: tuple[SpecProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def load_spec(path: Path) -> DatasetSpec:
    """Read a spec file. Raises `SpecError`."""
    problem = None
    try:
        if not path.is_file():
            raise OSError
        with path.open("rb") as file:
            raw = file.read(LARGEST_SPEC + 1)
        text = raw.decode("utf-8-sig")
    except OSError:
        problem = "the spec file cannot be read"
    except UnicodeDecodeError:
        problem = "the spec file is not UTF-8 text"
    if problem is None and len(raw) > LARGEST_SPEC:
        problem = "the spec file is larger than 1 MiB"
    if problem:
        raise SpecError((SpecProblem(1, "(spec)", problem),))
    return parse_spec(text)


def parse_spec(text: str) -> DatasetSpec:
    """Read a spec's text. Raises `SpecError`."""
    tree = read_tree(text)
    spec = None
    if not tree.problems or isinstance(tree.value, dict):
        spec = _validated(tree)
    if tree.problems or spec is None:
        raise SpecError(tuple(sorted(set(tree.problems), key=lambda problem: (problem.line, problem.field))))
    return spec


def _validated(tree: SpecTree) -> DatasetSpec | None:
    if not isinstance(tree.value, dict):
        tree.add((), "a spec is a list of `key: value` lines; dataset, provider, record_id and identifiers are needed")
        return None
    _check_roles(tree)
    try:
        return DatasetSpec.model_validate(tree.value)
    except ValidationError as fault:
        for error in fault.errors(include_url=False, include_input=False):
            path = tuple(step for step in error["loc"] if step != "[key]")
            tree.add(path, _message(error["type"], error["msg"], path))
    return None


def _message(kind: str, message: str, path: FieldPath) -> str:
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(str(path[-1]), _known_keys(path[:-1]), n=1)
        return f"unknown key{f'; did you mean {close[0]}?' if close else ''}"
    if kind == "missing":
        return "required"
    if kind == "model_type" or kind == "dict_type":
        return "needs `key: value` entries"
    return message.removeprefix("Value error, ")


def _model_keys(model: type[BaseModel]) -> list[str]:
    return [held.alias or name for name, held in model.model_fields.items()]


def _known_keys(path: FieldPath) -> list[str]:
    """The keys that may stand at a path: good enough to guess what was meant."""
    tops: dict[str, type[BaseModel]] = {
        "events": Event,
        "involvements": Involvement,
        "ties": Tie,
        "file": FileHints,
        "identifiers": Person,
    }
    if not path:
        return _model_keys(DatasetSpec)
    if path[0] == "people" and len(path) == 2:
        return _model_keys(Person)
    if len(path) <= 2 and path[0] in tops:
        return _model_keys(tops[str(path[0])])
    return ["column", "format", "codes", "code_list", "part", "value", "type", "min", "max", "is", "not", "present"]


def _check_roles(tree: SpecTree) -> None:
    people = tree.value.get("people")
    roles = set(people) if isinstance(people, dict) else {SELF}
    for path, role in _named_roles(tree.value):
        if role not in roles:
            tree.add(path, f"no such person in this spec; it has {', '.join(sorted(roles))}")


def _named_roles(raw: dict[str, Any]) -> Iterator[tuple[FieldPath, str]]:
    for section, names in _ROLE_FIELDS.items():
        entries = raw.get(section)
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, dict):
                continue
            for name in names:
                role = entry.get(name, SELF if name == "person" else None)
                if isinstance(role, str):
                    yield (section, place, name), role


def builtin_specs() -> dict[str, Path]:
    """Name -> file of the specs that ship with the product."""
    folder = Path(str(resources.files("linkage.intake").joinpath("specs")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a dataset spec as a YAML reader sees it."""
    schema = DatasetSpec.model_json_schema(by_alias=True, mode="validation")
    _fill_vocabularies(schema)
    one_of = [{"required": ["identifiers"]}, {"required": ["people"]}]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return head | schema | {"oneOf": one_of}


def _fill_vocabularies(schema: Any) -> None:
    if isinstance(schema, dict):
        vocabulary = schema.pop("x-vocabulary", None)
        if vocabulary:
            schema["enum"] = list(getattr(catalogue(), vocabulary))
        for held in schema.values():
            _fill_vocabularies(held)
    elif isinstance(schema, list):
        for held in schema:
            _fill_vocabularies(held)


def schema_text() -> str:
    """The schema file's text."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def schema_path() -> Path:
    return Path(str(resources.files("linkage.intake").joinpath("schemas", "dataset-spec.schema.json")))
