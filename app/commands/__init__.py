"""The operator's commands, `family-record …`: each prints for people, or one JSON object with `--json`."""

from app.commands.tree import main

__all__ = ["main"]
