"""One file format each: text with delimiters, Parquet, XLSX.

Invariants: memory does not grow with the file; nothing is written anywhere; a fault carries its position and reason and
never a value, and keeps no exception of a parser, whose text may hold the line it stumbled over.
"""
