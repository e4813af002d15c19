"""From readable values to keyed tokens and bit words: clear identifiers end here."""
