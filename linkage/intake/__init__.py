"""From an extract to whole, validated, normalised rows: specs, readers, claims, rejections.

Clear identifiers are read here; nothing below `encoding` holds one."""
