"""How lists of names are written down: words between blanks, an underscore inside a name of two words."""


def listed(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())
