"""Refusals that must look alike take alike long: the answer waits for the next whole step since the request began.

Invariants: waits after the decision and its entry, before the reply is made, so that what the answer took (whether
there was a person, a family, a record, a firewall to look at) is not in when it comes; only work that outlasts a whole
step shows, and then as one step more. Nothing here looks at what was decided.
Sources: the remedy against remote timing attacks by quantised response times (Askarov, Zhang and Myers, CCS 2010).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

NO_TIME: Final = 1e-9
"""A step that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Evenness:
    """Steps in seconds; `clock` counts seconds from anywhere, `sleep` waits for so many."""

    step: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def wait(self, began: float) -> None:
        """Return at the next whole step since `began`."""
        passed = self.clock() - began
        self.sleep(max(0.0, max(1, ceil(passed / self.step)) * self.step - passed))
