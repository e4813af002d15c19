"""YAML as spec writers mean it: every plain scalar is its own text, and every place has a line.

Invariants: `01` stays "01", `No` stays "No" and a date stays as written (the model gives types); a key twice in one
mapping, an alias or a second document is a problem; an empty value is as if unwritten; size and depth are bounded.
No object is ever constructed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

LARGEST_SPEC = 1 << 20
DEEPEST = 12
_SPEC_KEY = re.compile(r"[a-z][a-z0-9_-]{0,31}|[A-Za-z0-9_-]{1,6}|\[key\]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """One fault of a spec: its line (1 is the first), the field's path and what is wrong."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.message}"


@dataclass(slots=True)
class SpecTree:
    """The spec's values, the line of each path, and the faults found on the way."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[SpecProblem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest place above it that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def add(self, path: Path, message: str) -> None:
        self.problems.append(SpecProblem(self.line(path), dotted(path), message))


def dotted(path: Path) -> str:
    """`events[2].when` of ("events", 2, "when"); `(spec)` for the whole.

    A key that no spec could hold is not repeated: the file may be an extract, given in the spec's place.
    """
    named = (step if isinstance(step, int) or _SPEC_KEY.fullmatch(step) else "(key)" for step in path)
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in named)
    return text.lstrip(".") or "(spec)"


def read_tree(text: str) -> SpecTree:
    """Parse without constructing anything. Syntax errors become problems."""
    tree = SpecTree()
    try:
        tree.problems.extend(_forbidden(text))
        node = None if tree.problems else yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 1
        tree.problems.append(SpecProblem(line, "(spec)", f"not valid YAML: {fault.problem or 'cannot be read'}"))
        return tree
    except yaml.YAMLError:
        tree.problems.append(SpecProblem(1, "(spec)", "not valid YAML: characters that YAML does not allow"))
        return tree
    if node is not None:
        tree.value = _value(node, (), tree)
    return tree


def _forbidden(text: str) -> Iterator[SpecProblem]:
    """Aliases and deep nesting, found on the stream of events, before anything recurses into them."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            yield SpecProblem(line, "(spec)", "aliases (*name) are not read; write the part out")
        if depth > DEEPEST:
            yield SpecProblem(line, "(spec)", "nested too deeply")
            return


def _value(node: yaml.Node, path: Path, tree: SpecTree) -> Any:
    tree.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return dict(_items(node, path, tree))
    if isinstance(node, yaml.SequenceNode):
        return [_value(held, (*path, place), tree) for place, held in enumerate(node.value)]
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value in _NULLS else node.value


def _items(node: yaml.MappingNode, path: Path, tree: SpecTree) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            tree.problems.append(SpecProblem(key_node.start_mark.line + 1, dotted(path), "a key must be a word"))
            continue
        key = key_node.value
        if key in seen:
            here = SpecProblem(key_node.start_mark.line + 1, dotted((*path, key)), "written twice")
            tree.problems.append(here)
            continue
        seen.add(key)
        tree.lines[(*path, key)] = key_node.start_mark.line + 1
        value = _value(value_node, (*path, key), tree)
        if value is not None:
            yield key, value
