"""How commands speak: one JSON object or a readable table on standard output, progress and faults on standard error.

Exit codes: 0 done, 1 the answer is no, 2 usage, 3 file refused, 4 refused by policy, 5 internal, 130 interrupted. A
fault never shows a traceback or a value: an internal one shows the exception's kind and where it was raised.
"""

import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy.exc import OperationalError

from app.cohorts.spec import QuestionRefused
from app.deployment import NotInitialised
from app.encoding import OtherPartner
from app.engines import EngineRefused
from app.incidents import NoSuchIncident
from app.oidc.providers import ProvidersRefused
from app.partnering import PartnershipRefused
from governance.agreements.documents import AgreementRefused, AgreementUnreadable
from governance.identity_links import LinkRefused
from governance.keys.keystore import KeystoreRefused
from governance.ledger.checkpoints import LedgerInconsistent, NotCovered
from governance.ledger.copies import AnchorsDisagree
from governance.policy.replay import NotReplayable
from governance.reports.store import RequestRefused
from linkage.intake.extracts import FileRefused
from linkage.intake.loads import ProviderChanged
from linkage.intake.reference_files import ReferenceRefused
from linkage.intake.spec import SpecError
from linkage.persons.decisions import DecisionRefused
from linkage.persons.undo import UndoRefused
from linkage.quality.evaluation import TruthUnreadable
from linkage.quality.quality_report import NothingLinked
from linkage.spark.faults import SparkError
from linkage.zone.zone import ZoneError

P = ParamSpec("P")
R = TypeVar("R")


class Exit(IntEnum):
    DONE = 0
    NO = 1
    USAGE = 2
    FILE_REFUSED = 3
    POLICY = 4
    INTERNAL = 5
    INTERRUPTED = 130


class Refused(Exception):
    """A command's own refusal, with the exit code it ends with."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.code = code


EXITS: tuple[tuple[type[Exception], Exit], ...] = (
    (FileRefused, Exit.FILE_REFUSED),
    (SpecError, Exit.FILE_REFUSED),
    (ReferenceRefused, Exit.FILE_REFUSED),
    (QuestionRefused, Exit.FILE_REFUSED),
    (PartnershipRefused, Exit.FILE_REFUSED),
    (TruthUnreadable, Exit.FILE_REFUSED),
    (AgreementUnreadable, Exit.FILE_REFUSED),
    (AgreementRefused, Exit.POLICY),
    (ProviderChanged, Exit.POLICY),
    (KeystoreRefused, Exit.POLICY),
    (OtherPartner, Exit.POLICY),
    (NotInitialised, Exit.USAGE),
    (ProvidersRefused, Exit.USAGE),
    (LinkRefused, Exit.NO),
    (NotCovered, Exit.NO),
    (LedgerInconsistent, Exit.NO),
    (AnchorsDisagree, Exit.NO),
    (RequestRefused, Exit.NO),
    (NotReplayable, Exit.NO),
    (DecisionRefused, Exit.NO),
    (UndoRefused, Exit.NO),
    (NoSuchIncident, Exit.NO),
    (NothingLinked, Exit.NO),
    (ZoneError, Exit.INTERNAL),
    (EngineRefused, Exit.USAGE),
    (SparkError, Exit.INTERNAL),
)
"""Which exit each known fault ends with; anything else is internal."""

errors = Console(stderr=True, highlight=False)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn faults into a message (with `--json`, an object that holds it too) and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt as interrupt:
            fault: BaseException = interrupt
        except Exception as raised:  # noqa: BLE001  the outermost handler: a traceback may hold what was being read
            fault = raised
        message, code = _ending(fault)
        if kwargs.get("as_json"):
            show({"error": message, "exit": int(code)}, as_json=True)
        raise _fail(message, code) from None

    return run


def _ending(fault: BaseException) -> tuple[str, Exit]:
    """Say what a fault means, without any value, and how the command ends."""
    for kind, code in EXITS:
        if isinstance(fault, kind):
            return str(fault), code
    match fault:
        case Refused():
            return str(fault), fault.code
        case ValidationError():
            return _settings_fault(fault), Exit.USAGE
        case KeyboardInterrupt():
            return "interrupted: a step under way was undone, or the next command will undo it", Exit.INTERRUPTED
        case OperationalError() | sqlite3.OperationalError():
            cause = fault.orig if isinstance(fault, OperationalError) else fault
            said = getattr(cause, "sqlite_errorname", type(cause).__name__)
            return f"the database cannot be used ({said})", Exit.INTERNAL
        case OSError():
            said = os.strerror(fault.errno) if fault.errno else "a file or folder cannot be used"
            return f"{said} ({_place(fault)})", Exit.INTERNAL
    return f"internal fault ({type(fault).__name__} at {_place(fault)})", Exit.INTERNAL


def show(result: Mapping[str, Any], *, as_json: bool, title: str = "") -> None:
    """Print one result. A reader that goes away early changes nothing of what was done, nor the exit code."""
    try:
        _print(result, as_json=as_json, title=title)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(result: Mapping[str, Any], *, as_json: bool, title: str) -> None:
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, default=str) + "\n")
        return
    columns = (Column(), Column(overflow="fold"))
    table = Table(*columns, title=plain(title) if title else None, show_header=False, box=None, pad_edge=False)
    for name, value in result.items():
        table.add_row(plain(name.replace("_", " ")), plain(_plain(value)))
    Console(highlight=False).print(table)


def plain(value: object) -> Text:
    """A text in which no bracket is an instruction to the terminal."""
    return Text(str(value))


@contextmanager
def progress(text: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error; yields a function that advances it."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task(text, total=total)
        yield lambda count: bar.advance(task, count)


def _fail(message: str, code: Exit) -> typer.Exit:
    errors.print(message, style="red", markup=False, soft_wrap=True)
    return typer.Exit(int(code))


def _settings_fault(fault: ValidationError) -> str:
    lines = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in fault.errors(include_input=False)]
    return "settings refused: " + "; ".join(lines)


def _place(fault: BaseException) -> str:
    frames = traceback.extract_tb(fault.__traceback__)
    last = frames[-1] if frames else None
    return f"{Path(last.filename).name}:{last.lineno}" if last else "unknown"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(held)}" for name, held in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(held) for held in value) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
