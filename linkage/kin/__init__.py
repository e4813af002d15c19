"""Ties, households, families and their timeline, from persons and their records."""
