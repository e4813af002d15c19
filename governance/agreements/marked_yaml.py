"""YAML read with positions, so that every complaint names its line.

Invariants: dates stay text (a document is JSON) and only true and false are truth values, so
that `no:` is a word; a key given twice is refused; nothing is executed; positions are
1-based lines by path, each entry's own or, where it came through an alias, its parent's.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

Path = tuple[str | int, ...]
MAX_CHARACTERS: Final = 2_000_000


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


class _Loader(yaml.SafeLoader):
    """Safe YAML whose dates stay text and whose keys are unique."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        repeated = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if repeated is not None:
            raise Unreadable(f"line {node.start_mark.line + 1}: {repeated} is given twice")
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
        raise Unreadable("the document is too long")
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, made stricter
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"line {line}: {error.problem or 'not YAML'}") from None
    except yaml.YAMLError:
        raise Unreadable("not YAML text") from None
    lines: dict[Path, int] = {}
    if node is not None:
        _walk(node, (), lines)
    return Marked(data, lines)


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines.setdefault((*path, key.value), key.start_mark.line + 1)
            _walk(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), lines)
