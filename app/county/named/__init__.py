"""Twelve families with fixed ids that live in every county, each with its trap for linkage or for the gate."""

from app.county.named.write import write_named_families

__all__ = ["write_named_families"]
