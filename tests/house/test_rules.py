"""The rules of the house: who may import whom, what every column is, what no file may hold."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column

from governance import store as governance_store
from governance.terms import Category, SubjectRole
from linkage import store as linkage_store
from linkage.catalogue import catalogue
from linkage.kin import families

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "linkage", "governance")
CLASSES = {"identifier", "pseudonym", "special", "operational"}


def _files(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def _columns() -> Iterator[Column[object]]:
    for metadata in (governance_store.metadata, linkage_store.metadata):
        for table in metadata.tables.values():
            yield from table.columns


def test_imports_run_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("engine", "home"),
    [
        ("splink", {"linkage/matching/splink_engine.py", "linkage/spark/engine.py"}),
        ("pyspark", {"linkage/spark/engine.py", "linkage/spark/cluster.py"}),
        ("pkcs11", set()),
    ],
)
def test_a_third_party_engine_has_one_file(engine: str, home: set[str]) -> None:
    found = {str(path.relative_to(ROOT)) for path in _files(*PACKAGES) if engine in _imports(path)}
    assert found <= home


def test_duckdb_is_touched_in_the_linkage_zone_only() -> None:
    found = {str(path.relative_to(ROOT)) for path in _files(*PACKAGES) if "duckdb" in _imports(path)}
    assert found == {"linkage/zone/encrypted.py"}


def test_every_column_is_classified() -> None:
    unclassified = [str(column) for column in _columns() if column.info.get("class") not in CLASSES]
    assert unclassified == []


def test_identifiers_are_columns_only_as_ciphertext() -> None:
    held = {str(column) for column in _columns() if column.info["class"] == "identifier"}
    assert held == {
        "vault_envelope.ciphertext", "quarantine.ciphertext", "access_override.justification", "override_review.note",
    }  # fmt: skip


def test_the_two_vocabularies_of_categories_are_one() -> None:
    assert set(catalogue().categories) == {str(category) for category in Category}


def test_families_speak_of_the_subjects_that_governance_names() -> None:
    assert set(families.SUBJECTS) == {str(subject) for subject in SubjectRole}


def test_nothing_is_imported_inside_a_function() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in _files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_every_module_says_what_it_keeps_true() -> None:
    written = ((path, path.read_text()) for path in _files(*PACKAGES))
    silent = [
        str(p.relative_to(ROOT)) for p, text in written if text.strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_the_lock_names_no_address() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_no_two_words_for_nothing_in_particular() -> None:
    vague = {"utils", "helpers", "manager", "service", "handler", "common", "core"}
    assert [path.name for path in _files(*PACKAGES) if path.stem in vague] == []
