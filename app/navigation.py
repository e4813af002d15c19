"""Where each role may go from any page.

Invariant: every role has its links (a test holds the table equal to the enum); a link here grants nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.language import N_, Language
from governance.terms import Role


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    text: str


HOME: Final = Link("/", N_("Home"))
SEARCH: Final = Link("/search", N_("Find a child"))
AUDIT: Final = Link("/audit", N_("Who looked"))
REQUESTS: Final = Link("/access-requests", N_("Requests to know who looked"))
AGREEMENTS: Final = Link("/agreements", N_("Agreements"))
COHORTS: Final = Link("/cohorts", N_("Count families"))
SESSIONS: Final = Link("/sessions", N_("Who is signed in"))
REVIEWS: Final = Link("/reviews", N_("Review links"))
MEETING: Final = Link("/meeting", N_("Prepare a meeting"))
OVERRIDES: Final = Link("/overrides", N_("Overrides and alarms"))

WHAT_FOR: Final[Mapping[str, str]] = {
    SEARCH.href: N_("Find a child by number or name, say why, and read the family’s timeline."),
    AUDIT.href: N_("See who looked at whom and why, and check that the log was not edited."),
    REQUESTS.href: N_("Answer people who ask who looked at their record or at their child’s, in time and safely."),
    AGREEMENTS.href: N_("What may be shared, by whom, with whom and why, and what say families have."),
    COHORTS.href: N_("Count children by area. Small numbers are hidden; nobody’s record is shown."),
    MEETING.href: N_("Say once why you look, for all families a meeting is about."),
    OVERRIDES.href: N_("Review who opened a record although the rules said no, and take note of alarms."),
    SESSIONS.href: N_("See who is signed in now, and end a session that should not go on."),
    REVIEWS.href: N_("Say of doubtful pairs of records whether they are about one person. No name is needed."),
}

KEY_WORKER: Final = (HOME, SEARCH, MEETING, AGREEMENTS)
LINKS: Final[Mapping[Role, tuple[Link, ...]]] = {
    Role.MIDWIFE: KEY_WORKER,
    Role.HEALTH_VISITOR: KEY_WORKER,
    Role.FAMILY_SUPPORT_WORKER: KEY_WORKER,
    Role.SOCIAL_WORKER: KEY_WORKER,
    Role.NURSERY_PRACTITIONER: KEY_WORKER,
    Role.SCHOOL_LEAD: KEY_WORKER,
    Role.CHARITY_WORKER: KEY_WORKER,
    Role.ADULT_WORKER: KEY_WORKER,
    Role.IG_OFFICER: (HOME, AUDIT, OVERRIDES, REQUESTS, AGREEMENTS, SESSIONS),
    Role.ANALYST: (HOME, COHORTS, AGREEMENTS),
    Role.DATA_STEWARD: (HOME, REVIEWS, AGREEMENTS),
}
KEY_WORKERS: Final = frozenset(role for role, links in LINKS.items() if links is KEY_WORKER)


def navigation(role: Role, here: str, words: Language) -> list[dict[str, object]]:
    """Return the links of one role as the service navigation takes them, the current one marked."""
    return [
        {"href": link.href, "text": words.gettext(link.text), "current": here == link.href,
         "active": link is not HOME and here.startswith(link.href + "/")}
        for link in LINKS[role]
    ]  # fmt: skip
