"""Three evaluators side by side: ours, plain conditions, and Cedar under policies made of the same agreements."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from governance.agreements.flows import Standing
from governance.policy.checks import CHECKS
from governance.policy.policy import decide
from governance.policy.request import Facts, Request
from governance.terms import Segment
from tests.properties import naive_policy
from tests.properties.cedar_policies import Engine
from tests.properties.naive_policy import Verdict
from tests.properties.worlds import world


@dataclass
class Compared:
    """What a comparison came to. `met` counts permits, overridden permits, and each reason of each refused segment."""

    reads: int = 0
    opened: int = 0
    segments: int = 0
    mismatched: tuple[int, ...] = ()
    met: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Compared") -> None:
        self.reads, self.opened = self.reads + other.reads, self.opened + other.opened
        self.segments, self.mismatched = self.segments + other.segments, self.mismatched + other.mismatched
        self.met.update(other.met)


def ours(request: Request, facts: Facts) -> dict[Segment, Verdict]:
    """What our gate decides, in the words of a verdict."""
    return {
        s.segment: Verdict(s.permitted, frozenset(map(str, s.failed)), frozenset(map(str, s.lifted)), s.override)
        for s in decide(request, facts).segments
    }


def refused(request: Request, facts: Facts) -> set[str]:
    """Why our gate refuses the read as a whole, overrides apart."""
    return {str(reason) for check in CHECKS[request.action] if (reason := check(request, facts)) is not None}


def compared(
    seeds: Iterable[int],
    other: Sequence[tuple[Standing, ...]] = (),
    made: Callable[[int], tuple[Request, Facts]] = world,
) -> Compared:
    """Compare the three on the worlds of these seeds; Cedar under `other` agreements where any are given."""
    found, engine = Compared(), Engine(other[0]) if other else None
    for seed in seeds:
        request, facts = made(seed)
        if engine is None or (not other and engine.standings is not facts.standings):
            engine = Engine(facts.standings)
        decided, plain = ours(request, facts), naive_policy.judged(request, facts)
        refusals, cedar = engine.judged(request, facts)
        agree = (
            decided == plain == cedar and refused(request, facts) == naive_policy.refusals(request, facts) == refusals
        )
        found.add(_one(seed, decided, refusals, agree))
    return found


def _one(seed: int, decided: dict[Segment, Verdict], refusals: frozenset[str], agree: bool) -> Compared:
    met = Counter(refusals)
    for verdict in decided.values():
        met.update(verdict.failed - refusals or ({"lifted" if verdict.lifted else "permitted"} - refusals))
    opened = any(verdict.permitted for verdict in decided.values())
    return Compared(1, int(opened), len(decided), () if agree else (seed,), met)
