"""The synthetic county with known truth: extracts as partners send them, and what linkage must find again in them."""

from app.county.county import AS_OF, CountySummary, write_county

__all__ = ["AS_OF", "CountySummary", "write_county"]
