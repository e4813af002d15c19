"""What can be said of a service and a person, and what each of it means.

Invariant: every state has its words and its meaning (a test holds both tables equal to the states).
"""

from collections.abc import Mapping
from typing import Final

from app.language import N_
from linkage.kin.timeline import CellState

NOT_AVAILABLE: Final = "not_available"

SAID: Final[Mapping[str, str]] = {
    CellState.CURRENT: N_("Involved now"),
    CellState.HISTORIC: N_("Involved before"),
    CellState.NONE_FOUND: N_("None found"),
    CellState.NOT_COVERED: N_("No data supplied"),
    CellState.LATE: N_("Data late"),
    CellState.WITHHELD: N_("Not shared with you"),
    NOT_AVAILABLE: N_("Not available here: ring the duty desk"),
}

MEANS: Final[Mapping[str, str]] = {
    CellState.CURRENT: N_("The service says it is involved today."),
    CellState.HISTORIC: N_("The service was involved and says it no longer is."),
    CellState.NONE_FOUND: N_("The service sent data for this area and time, and this person is not in it."),
    CellState.NOT_COVERED: N_("Nobody sent data for this area or time. The service may be involved."),
    CellState.LATE: N_("The newest data is older than it should be. Things may have changed."),
    CellState.WITHHELD: N_("An agreement or a wish keeps this from you. See “What is not shown”."),
    NOT_AVAILABLE: N_("This is never shown here, whether or not there is anything."),
}
