"""Reading an agreement as an information governance lawyer would, before anyone signs it.

Invariants: every finding names a line, a field and what is wrong; an agreement with an error is never imported; a
warning may be signed off by people; what is known outside the document (the dataset catalogue, who holds a signing
key) is a value that the caller gives. Sources: the ICO Data Sharing Code, Annex A (checklist); the WASPI quality
assurance checklist; UK GDPR Articles 6, 7, 9 and 26; DPA 2018 s.10 and Sch 1; the Welsh Language (Wales) Measure 2011.
"""

from collections.abc import Mapping

from governance.agreements.findings import Finding, Severity, errors, field_name
from governance.agreements.flows import Agreement
from governance.agreements.lint_agreement import AGREEMENT_RULES
from governance.agreements.lint_flows import FLOW_RULES
from governance.agreements.lint_kinds import KIND_RULES
from governance.agreements.lint_outside import NOTHING_KNOWN, OUTSIDE_RULES, Known
from governance.agreements.marked_yaml import Path, line_of

__all__ = ["NOTHING_KNOWN", "Finding", "Known", "Severity", "check", "errors"]


def check(agreement: Agreement, known: Known = NOTHING_KNOWN) -> tuple[Finding, ...]:
    """Return what is wrong or doubtful, by line."""
    faults = [fault for rule in (*AGREEMENT_RULES, *KIND_RULES[agreement.kind]) for fault in rule(agreement)]
    faults += [fault for rule in OUTSIDE_RULES for fault in rule(agreement, known)]
    for place, flow in enumerate(agreement.flows):
        for rule in FLOW_RULES:
            faults += [(("flows", place, *path), how, what) for path, how, what in rule(flow, agreement)]
    return tuple(sorted(_finding(agreement.lines, fault) for fault in faults))


def _finding(lines: Mapping[Path, int], fault: tuple[Path, Severity, str]) -> Finding:
    path, severity, message = fault
    return Finding(line_of(lines, path), field_name(path), severity, message)
