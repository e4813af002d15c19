"""The tree of commands; each leaf is a function in a sibling file."""

from collections.abc import Callable, Mapping

import typer

from app.commands import (
    agreeing,
    agreement_reading,
    auditing,
    consenting,
    counting,
    deciding,
    disclosing,
    encoding,
    entering,
    families,
    keeping,
    linking,
    loading,
    overriding,
    partnering,
    quality,
    recalling,
    responsible,
    reviewing,
    serving,
    sharing,
    signing,
)
from app.commands.output import guarded

COMMANDS: Mapping[str, Callable[..., None]] = {
    "init": keeping.init,
    "synth": loading.synth,
    "ingest": loading.ingest,
    "encode": encoding.encode,
    "link": linking.link,
    "evaluate": linking.evaluate,
    "serve": serving.serve,
    "demo": serving.demo,
}
GROUPS: Mapping[str, Mapping[str, Callable[..., None]]] = {
    "reference": {"import": loading.reference_import},
    "loads": {"list": loading.list_loads, "problems": loading.problems},
    "families": {"explain": families.explain},
    "links": {
        "explain": linking.explain,
        "blocking": quality.blocking,
        "history": deciding.history,
        "undo": deciding.undo,
        "decide": deciding.decide,
        "decisions": deciding.decisions,
        "withdraw": deciding.withdraw,
        "incidents": deciding.list_incidents,
    },
    "review": {"list": reviewing.waiting, "show": reviewing.pair, "answer": reviewing.answer},
    "quality": {"report": quality.report, "loads": quality.loads, "charts": quality.charts, "card": quality.card},
    "agreements": {
        "check": agreeing.check,
        "schema": agreeing.schema,
        "items": agreeing.items,
        "import": agreeing.import_,
        "key": signing.key,
        "register-key": signing.register_key,
        "revoke-key": signing.revoke_key,
        "keys": signing.keys,
        "sign": signing.sign,
        "status": agreeing.set_status,
        "list": agreeing.list_,
        "diff": agreement_reading.diff,
        "impact": agreement_reading.impact,
        "due": agreement_reading.due,
        "export": agreement_reading.export,
    },
    "sessions": {"list": entering.list_sessions, "end": entering.end},
    "sign-in": {
        "check": entering.check,
        "link": entering.link,
        "links": entering.links,
        "unlink": entering.unlink,
    },
    "partnership": {"import": partnering.import_},
    "caseloads": {"end": partnering.end_caseload},
    "consents": {
        "record": consenting.record,
        "withdraw": consenting.withdraw,
        "object": consenting.object_,
        "restrict": consenting.restrict,
        "opt-out": consenting.opt_out,
        "fault": consenting.fault,
        "list": recalling.list_,
        "show": recalling.show_,
        "receipt": recalling.receipt,
        "due": recalling.due,
        "forms": recalling.forms,
        "check-form": recalling.check_form,
    },
    "responsibilities": {"record": responsible.record, "end": responsible.end, "list": responsible.list_},
    "leaflets": {"given": responsible.leaflet},
    "overrides": {
        "list": overriding.waiting,
        "show": overriding.one,
        "review": overriding.review,
        "seen": overriding.seen,
    },
    "sharing": {"record": sharing.record, "list": sharing.held},
    "cohort": {"run": counting.run},
    "audit": {
        "verify": auditing.verify,
        "proof": auditing.proof,
        "consistency": auditing.consistency,
        "replay": auditing.replay,
        "export": auditing.export,
        "anchor": auditing.anchor,
        "report": auditing.report,
    },
    "access": {
        "list": disclosing.list_,
        "receive": disclosing.receive,
        "show": disclosing.show_,
        "step": disclosing.step,
        "release": disclosing.release,
        "save": disclosing.save,
    },
    "keys": {"status": keeping.key_status, "rotate": keeping.rotate, "encoding-bundle": encoding.encoding_bundle},
}


def build() -> typer.Typer:
    """Return the whole command line."""
    app = _branch("Privacy-preserving linked family records.", COMMANDS)
    for group, commands in GROUPS.items():
        app.add_typer(_branch(f"About {group}.", commands), name=group)
    return app


def _branch(about: str, commands: Mapping[str, Callable[..., None]]) -> typer.Typer:
    branch = typer.Typer(help=about, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for name, command in commands.items():
        branch.command(name)(guarded(command))
    return branch


def main() -> None:
    """Run the command line."""
    build()()
