"""Refusals that must look alike take alike long: the answer waits for the next whole step since the request began.

Invariants: waits after the decision and its entry, before the reply is made, so that what the answer took (whether
there was a person, a family, a record, a firewall to look at) is not in when it comes; work that outlasts a step makes
the step twice as long for everybody for an hour, so that a busy machine shows the difference a few times, not always.
Nothing here looks at what was decided.
Source: the remedy against timing channels that predicts times and doubles them when wrong (Askarov, Zhang and Myers,
Predictive black-box mitigation of timing channels, CCS 2010).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Final

NO_TIME: Final = 1e-9
"""A step that nobody waits for."""


MOST_DOUBLINGS: Final = 4
REMEMBERED: Final = 3600.0
"""Seconds after which a step that proved too short is tried again."""


@dataclass(slots=True)
class Overrun:
    """How often the step has doubled, and when it last did. Shared by all requests of a service."""

    doublings: int = 0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Evenness:
    """Steps in seconds; `clock` counts seconds from anywhere, `sleep` waits for so many."""

    step: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    overrun: Overrun = field(default_factory=Overrun)

    def wait(self, began: float) -> None:
        """Return at the next whole step since `began`."""
        passed = self.clock() - began
        step = self._step(passed)
        self.sleep(max(0.0, max(1, ceil(passed / step)) * step - passed))

    def _step(self, passed: float) -> float:
        held, now = self.overrun, self.clock()
        if held.doublings and now - held.last > REMEMBERED:
            held.doublings = 0
        while passed > self.step * (1 << held.doublings) and held.doublings < MOST_DOUBLINGS:
            held.doublings, held.last = held.doublings + 1, now
        return self.step * (1 << held.doublings)
