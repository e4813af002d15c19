"""The operator's commands: `family-record …`. Each prints for people, or with `--json` one object on standard output."""

from app.commands.tree import main

__all__ = ["main"]
