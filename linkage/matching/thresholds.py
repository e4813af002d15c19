"""From what a wrong link costs against a missed one to the weight at which two groups are one person.

Invariants: a dearer wrong link never lowers the threshold; no label, and nothing of the data at hand, enters it.
Source: the least expected cost (Fellegi and Sunter 1969): join where the odds of a match exceed wrong over missed.
"""

import math
from dataclasses import dataclass

CALIBRATION = -3.0
"""The average weight at which groups are as likely one person as two.

It lies below 0 since a group's average counts its own blind spots against it: pairs that no rule compared count as
differing (`Bounds.missing`), thin pairs are held down, and the prior speaks of random pairs where those that stand
before the choice are each other's nearest. Measured on synthetic people with the truth known (counties of three levels
of damage, biographies with many rows a person): with equal costs the best threshold lay between -4 and -1."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What one wrong link costs, against one missed. A wrong one shows a child's history on another child's page; a
    missed one hides it, and the doubtful band below the threshold still brings it before a steward."""

    wrong: float = 2.0
    missed: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.wrong < math.inf and 0 < self.missed < math.inf):
            raise ValueError("costs are finite and above zero")


DEFAULT = Costs()


def join(costs: Costs = DEFAULT) -> float:
    """The least average weight (log2 odds) at which two groups are one person."""
    return math.log2(costs.wrong / costs.missed) + CALIBRATION
