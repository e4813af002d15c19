"""Keeping the catalogues: extract what is to be translated, carry translations over, compile.

Invariants: the template holds exactly the messages of the code and templates; every message has its Welsh; all Welsh is
marked unreviewed until a translator has read it. Run `python -m app.catalogues` after changing any text.
"""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

FOLDER: Final = Path(__file__).resolve().parent
LOCALE: Final = FOLDER / "locale"
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS: Final = {"templates/**.html": {"newstyle_gettext": "true", "silent": "false"}}
TRANSIENT: Final = tuple(
    b'"' + name for name in (b"POT-Creation", b"PO-Revision", b"Generated", b"Last-Tr", b"Report-M", b"Language-T")
)
UNREVIEWED: Final = "Unreviewed machine translation"
PROJECT: Final = "Linked Family Record"
HEADER: Final = "# Linked Family Record. Made by app/catalogues.py; the Welsh has not been reviewed by a translator."


def extracted() -> Catalog:
    """Return every message of code and templates, with no places or dates, so that it changes only when a text does."""
    catalogue = Catalog(project=PROJECT, version="1", charset="utf-8", fuzzy=False, header_comment=HEADER)
    found = extract_from_dir(FOLDER, METHODS, OPTIONS)
    for _file, _line, message, _comments, context in sorted(found, key=lambda entry: str(entry[2])):
        catalogue.add(message, context=context)
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as a file."""
    held = BytesIO()
    write_po(held, catalogue, width=120, sort_output=True, omit_header=False)
    lines = held.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(TRANSIENT))


def compiled(po: bytes) -> bytes:
    """Return a catalogue as gettext reads it."""
    held = BytesIO()
    catalogue = read_po(BytesIO(po))
    # Babel would put the time of compiling in, and the same words would give another file every minute.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(held, catalogue)
    return held.getvalue()


def held(code: str) -> Catalog:
    with place(code).open("rb") as file:
        return read_po(file, locale=code)


def place(code: str) -> Path:
    return LOCALE / code / "LC_MESSAGES" / "messages.po"


def update() -> None:
    """Bring template and catalogues up to date, keeping every translation of a message that is still there."""
    template = extracted()
    (LOCALE / "messages.pot").write_bytes(written(template))
    for code in ("en", "cy"):
        catalogue = held(code) if place(code).exists() else Catalog(locale=code, project=PROJECT, charset="utf-8")
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.fuzzy, catalogue.header_comment = False, HEADER
        for message in catalogue:
            if code == "cy" and message.id:
                message.auto_comments = [UNREVIEWED]
        place(code).parent.mkdir(parents=True, exist_ok=True)
        po = written(catalogue)
        place(code).write_bytes(po)
        place(code).with_suffix(".mo").write_bytes(compiled(po))


if __name__ == "__main__":
    update()
