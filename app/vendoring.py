"""How the vendored front end is made from its published package: everything that is GOV.UK's brand comes out.

Invariants: the result names no brand typeface, crest, crown or remote address; it is a pure function of the package's
bytes; `static/manifest.json` holds the SHA-384 of the source and of the result, so a stray edit shows.
Sources: GOV.UK Frontend 6.6.0 (MIT); its guidance that services off GOV.UK use neither GDS Transport nor the crest nor
GOV.UK's colours. Run `python -m app.vendoring PACKAGE` on an unpacked package to make the files again.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Final

VERSION: Final = "6.6.0"
STATIC: Final = Path(__file__).resolve().parent / "static"
SOURCES: Final = {"govuk-frontend.min.css": "frontend.css", "govuk-frontend.min.js": "frontend.js"}
"""File in the package's `dist/govuk` folder → file served from here."""

_FONT_FACE: Final = re.compile(r"@font-face\{[^}]*\}")
_TYPEFACE: Final = re.compile(r"GDS Transport,\s*arial,\s*sans-serif", re.IGNORECASE)
_CREST: Final = re.compile(r"[^{}]*\{[^{}]*govuk-crest\.svg[^{}]*\}")
_SOURCE_MAP: Final = re.compile(r"(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)")
_BRAND: Final = re.compile(r"#1d70b8", re.IGNORECASE)
NEUTRAL: Final = "#1d4f5c"


def unbrand_css(text: str) -> str:
    """Take out the typeface, the crest, the brand colour's value and the source map."""
    text = _FONT_FACE.sub("", text)
    text = _TYPEFACE.sub("arial,sans-serif", text)
    text = _CREST.sub("", text)
    return _BRAND.sub(NEUTRAL, _SOURCE_MAP.sub("", text)).strip() + "\n"


def unbrand_js(text: str) -> str:
    """Take out the source map; the script holds no brand."""
    return _SOURCE_MAP.sub("", text).strip() + "\n"


UNBRAND: Final = {".css": unbrand_css, ".js": unbrand_js}


def digest(content: bytes) -> str:
    """Return the SHA-384 in the form of Subresource Integrity."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode("ascii")


def vendor(package: Path, target: Path = STATIC) -> dict[str, dict[str, str]]:
    """Write the unbranded files and their manifest; return the manifest's `files`."""
    files = {}
    for source, name in SOURCES.items():
        text = (package / "dist" / "govuk" / source).read_text("utf-8")
        made = UNBRAND[Path(name).suffix](text)
        (target / name).write_text(made, "utf-8")
        files[name] = {"source": digest(text.encode()), "served": digest(made.encode())}
    manifest = {"package": "govuk-frontend", "version": VERSION, "licence": "MIT", "files": files}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    return files


if __name__ == "__main__":
    vendor(Path(sys.argv[1]))
