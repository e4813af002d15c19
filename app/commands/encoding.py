"""Encoding at a partner, and the bundle of keys that it takes."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import AsJson, ReadFile, SpecFile
from app.commands.output import Refused, errors, progress, show
from app.deployment import open_deployment
from app.encoding import PartnerKeys, encode_file, make_bundle, partner_keys
from app.settings import Settings
from governance.keys.bundles import open_bundle
from governance.keys.keystore import Passphrase, WeakKey, read_private
from linkage.encoding.encode import partner_subkeys
from linkage.intake.spec import DatasetSpec, load_spec
from linkage.partner.encoding_run import Subkeys
from linkage.partner.sealed_identities import recipient_key
from linkage.reasons import sentence

PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A private file that holds the bundle's passphrase.")
]


def encoding_bundle(
    partner: Annotated[str, typer.Option(help="The partner's code, as its specs state the provider.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The bundle: a new private file.")],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the sealed bundle of derived keys with which a partner encodes its own extracts."""
    seal = _passphrase(passphrase_file)
    with open_deployment(Settings()) as deployment:
        make_bundle(deployment, partner, out, seal, datetime.now(UTC))
    show({"partner": partner, "bundle": str(out)}, as_json=as_json, title="Encoding bundle")


def encode(
    file: ReadFile,
    spec_file: SpecFile,
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The sealed file to send.")],
    keys: Annotated[Path | None, typer.Option(help="The bundle that the service made for this partner.")] = None,
    passphrase_file: PassphraseFile = None,
    envelope: Annotated[bool, typer.Option("--envelope", help="Send names too, sealed for the service.")] = False,
    as_json: AsJson = False,
) -> None:
    """Encode an extract behind a partner's own walls; send what this writes, and load it with `ingest`."""
    spec = load_spec(spec_file)
    if out.resolve() == file.resolve():
        raise Refused("the encoded file must not replace the extract")
    held = _own_keys(spec) if keys is None else partner_keys(open_bundle(keys, _passphrase(passphrase_file)))
    with progress(f"encoding {spec.dataset}") as advance:
        report = encode_file(held, spec, file, out, envelope=envelope, progress=advance)
    show({**asdict(report), "out": str(out)}, as_json=as_json, title=f"Encoded {spec.dataset}")
    if not as_json:
        for code, count in report.rejected_by_reason.items():
            errors.print(f"{count} rejected: {sentence(code)}", markup=False)


def _own_keys(spec: DatasetSpec) -> PartnerKeys:
    """The service's own derived keys, where it encodes for a partner itself."""
    with open_deployment(Settings()) as deployment:
        ring, partner = deployment.ring, spec.provider.code
        return PartnerKeys(partner, Subkeys(partner_subkeys(ring, partner)), recipient_key(ring))


def _passphrase(path: Path | None) -> Passphrase:
    if path is None:
        raise Refused("a bundle is sealed under a passphrase: name its file with --passphrase-file")
    try:
        return Passphrase(read_private(path).rstrip(b"\r\n").decode())
    except UnicodeDecodeError:
        raise WeakKey(f"{path}: the passphrase is not UTF-8 text") from None
