"""YAML read with positions, so that every complaint names its line.

Invariants: dates stay text (a document is JSON) and only true and false are truth values, so that `no:` is a word; a
key given twice is refused, and so are aliases, tags and a second document (what is signed is written out in full);
nothing is executed; size and depth are bounded; no complaint repeats a value; positions are 1-based lines by path.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

Path = tuple[str | int, ...]
MAX_CHARACTERS: Final = 400_000
DEEPEST: Final = 12
_LONG_NUMBER: Final = re.compile(r"[-+]?[0-9][0-9_xob:.]{15}")
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Unreadable(ValueError):
    """Not YAML that can be read; the message names the line."""


@dataclass(frozen=True, slots=True)
class Marked:
    data: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of this entry, or of the nearest entry around it."""
        return line_of(self.lines, path)


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of this entry, or of the nearest entry around it; 1 where nothing is known."""
    for end in range(len(path), -1, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


class _Loader(yaml.CSafeLoader):
    """Safe YAML whose dates stay text and whose keys are unique."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        repeated = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if repeated is not None:
            raise Unreadable(f"line {node.start_mark.line + 1}: {_named(repeated)} is given twice")
        return super().construct_mapping(node, deep)


_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_BOOL: Final = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_TIMESTAMP, _BOOL)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|false)$"), list("tf"))


def read_marked(text: str) -> Marked:
    """Return the document and the line of each of its entries; raise Unreadable."""
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"the document is too long: more than {MAX_CHARACTERS:,} characters")
    try:
        _bounded(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = min(_line(error.problem_mark), text.count("\n") + 1)
        raise Unreadable(f"line {line}: {_PROBLEMS.get(type(error), 'not YAML')}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise (
            error if isinstance(error, Unreadable) else Unreadable("not YAML text: a character or number in it")
        ) from None
    lines: dict[Path, int] = {}
    if node is not None:
        _walk(node, (), lines)
    return Marked(data, lines)


_PROBLEMS: Final[Mapping[type[yaml.MarkedYAMLError], str]] = {
    yaml.scanner.ScannerError: "not YAML here: look for a missing quote, colon or a tab",
    yaml.parser.ParserError: "not YAML here: look at the indentation and the brackets",
    yaml.composer.ComposerError: "not one document",
    yaml.constructor.ConstructorError: "a value or a key of a kind that an agreement does not have",
}


def _line(mark: Any) -> int:
    return mark.line + 1 if mark else 1


def _named(key: object) -> str:
    return key if isinstance(key, str) and _KEY.fullmatch(key) else "a key"


def _bounded(text: str) -> None:
    """Refuse what would make a small file large, or run: aliases, tags, deep nesting, what is no Unicode text."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(f"line {line}: an alias: write it out in full")
        if getattr(event, "tag", None) not in (None, "!"):
            raise Unreadable(f"line {line}: a tag: only plain values are read")
        if isinstance(event, yaml.ScalarEvent) and _broken(event.value):
            raise Unreadable(f"line {line}: characters that are no text")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _LONG_NUMBER.match(event.value):
            raise Unreadable(f"line {line}: a number longer than any here")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise Unreadable(f"line {line}: nested too deep")


def _broken(value: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" or (letter < " " and letter not in "\n\t") for letter in value)


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines.setdefault((*path, key.value), key.start_mark.line + 1)
            _walk(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), lines)
