"""Persons that stay: runs, stable ids, merges, splits, stewards' decisions, seals."""
