"""A released report as one file: to be read and to be computed with, with its proofs and what each file hashes to.

Invariants: a proof holds no entry's content, only hashes and a signed checkpoint; every file but the manifest itself is
named in the manifest with its SHA-256; the file is made in memory and kept nowhere.
Sources: C2SP tlog-proof; RFC 8785 (the report's bytes are its canonical JSON, so its hash is the one released).
"""

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256

import rfc8785

from app.deployment import Deployment
from app.disclosing import Report, proofs
from app.identity import Organisation
from app.language import Code, language
from app.rendering import environment
from app.views.access_requests import report_view
from governance.ledger.checkpoints import verifiers


def bundle(deployment: Deployment, made: Report, known: Mapping[str, Organisation]) -> bytes:
    """Return the ZIP file of a released report."""
    files = {"report.json": rfc8785.dumps(made.content)}
    files |= {f"report.{code}.html": _page(code, made, known).encode() for code in Code}
    files |= {f"proofs/{index}.tlog-proof": text.encode() for index, text in proofs(deployment, made).items()}
    files["log-keys.txt"] = "".join(f"{key}\n" for key in verifiers(deployment.ring)).encode()
    held = {
        "content_hash": made.content_hash,
        "files": {name: sha256(data).hexdigest() for name, data in files.items()},
    }
    return _zipped(files | {"manifest.json": json.dumps(held, indent=2, sort_keys=True).encode()})


def _page(code: Code, made: Report, known: Mapping[str, Organisation]) -> str:
    view = report_view(language(code), made.content, made.content_hash, known)
    return environment(code).get_template("access_report_file.html").render(report=view)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
