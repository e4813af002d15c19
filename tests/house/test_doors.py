"""Nobody but `app.doors` makes a gate, so that no page, route or command forgets its limits."""

import ast
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "app"


def test_a_gate_is_made_in_one_place() -> None:
    made = {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Gate"
    }
    assert made == {"doors.py"}
