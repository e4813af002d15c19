"""The same encodings made behind a partner's walls, carried here in a sealed file, re-keyed on receipt."""
