"""A hundred thousand reads decided three times over: by our gate, by plain conditions, by Cedar."""

import time
from multiprocessing import get_context

from benchmarks.section import Section
from governance.terms import Reason
from tests.properties.agreement import Compared, compared
from tests.properties.worlds import SHARED

READS = 100_000
PROCESSES = 2
CHUNK = 10 * SHARED


def measure(reads: int = READS) -> Section:
    """Return what the comparison came to, reason by reason."""
    began, found = time.perf_counter(), Compared()
    with get_context("spawn").Pool(PROCESSES) as pool:
        for part in pool.imap_unordered(compared, [range(start, start + CHUNK) for start in range(0, reads, CHUNK)]):
            found.add(part)
    seconds = time.perf_counter() - began
    return Section(
        "Three evaluators of the policy",
        (
            ("generated reads, each under its own facts", f"{found.reads:,}"),
            ("of which something was shown", f"{found.opened:,}"),
            ("segments decided, with their sets of reasons", f"{found.segments:,}"),
            ("permitted", f"{found.met['permitted']:,}"),
            ("let through by an override", f"{found.met['lifted']:,}"),
            ("reads on which all three agree", f"{found.reads - len(found.mismatched):,}"),
            ("reads on which they do not", f"{len(found.mismatched):,}{_seeds(found.mismatched)}"),
            ("wall time", f"{seconds:,.0f} s in {PROCESSES} processes"),
            *(
                (f"refusals for `{reason}`", f"{found.met[reason]:,}")
                for reason in Reason
                if reason != Reason.PERMITTED
            ),
        ),
        "Compared are the decision and the whole set of reasons of every segment, what an override lifted, and why the "
        "read as a whole was refused. Cedar judges dates, relationships, overrides and agreements by itself; the state "
        "a person's wishes come to and the reach of a firewall it gets from the plain conditions. `minimised` is "
        "not yet given by any evaluator: what a role does not need, its flows do not carry.",
    )


def _seeds(seeds: tuple[int, ...]) -> str:
    return f" (worlds {', '.join(map(str, sorted(seeds)[:5]))})" if seeds else ""
