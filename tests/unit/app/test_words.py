"""Words: every closed set has its labels, every message its Welsh, every catalogue is up to date."""

from enum import StrEnum

import polib
import pytest

from app import catalogues, explanations, labels, navigation, values, wish_labels
from app.language import Code, language
from app.views import audit, family, meanings, services
from app.views.cohorts import AREAS
from governance.terms import Category, Purpose, Reason, Role
from linkage.catalogue import catalogue
from linkage.kin.milestones import MilestoneState
from linkage.kin.timeline import CellState

TABLES = [
    (labels.CATEGORIES, Category), (labels.ROLES, Role), (labels.PURPOSES, Purpose), (labels.PURPOSE_HINTS, Purpose),
    (explanations.REASONS, Reason), (navigation.LINKS, Role), (family.MILESTONE_STATES, MilestoneState),
    *((table, type(next(iter(table)))) for table in (
        labels.SUBJECTS, labels.RELATIONS, labels.STANDINGS, labels.STATUSES, labels.SEXES, labels.RELATIONSHIPS,
        labels.BASES, labels.SAYS, labels.AGREEMENT_STATUSES, labels.WISH_KINDS, labels.WISH_ANSWERS,
        labels.SIGNER_BASES, labels.OVERRIDE_KINDS, labels.OVERRIDE_HINTS, labels.OVERRIDE_REASONS,
        labels.FAMILY_TOLD, labels.REVIEW_OUTCOMES, labels.ALARMS, labels.SHARE_DUTIES, labels.SHARE_ANSWERS,
        labels.SHARE_REASONS, labels.BLOCKS, labels.OUTCOMES, labels.EVENT_KINDS, AREAS, audit.RELATED,
        wish_labels.FORM_KINDS, wish_labels.FAULTS, wish_labels.EVIDENCES, wish_labels.PLACES, wish_labels.GROUNDS,
        wish_labels.RESPONSIBILITIES, wish_labels.RESPONSIBILITY_EVIDENCES, wish_labels.REVIEWS, wish_labels.EFFECTS,
    )),
]  # fmt: skip


@pytest.mark.parametrize(("table", "closed"), TABLES, ids=lambda held: getattr(held, "__name__", ""))
def test_a_table_of_words_has_exactly_its_sets_members(table: dict[StrEnum, object], closed: type[StrEnum]) -> None:
    assert set(table) == set(closed)


def test_an_officer_reads_of_the_worker_and_not_of_themselves() -> None:
    words = language(Code.EN)
    for reason in Reason:
        said = audit.reason_said(words, reason).split()
        assert not {"you", "your"} & {word.strip(",.’s") for word in said}, reason
    assert not any("you" in told for told in audit.RELATED.values())


def test_every_state_of_a_cell_has_words_and_a_meaning() -> None:
    every = {*CellState, meanings.NOT_AVAILABLE}
    assert set(meanings.SAID) == set(meanings.MEANS) == every


def test_every_service_has_a_name_a_look_and_its_categories() -> None:
    every = set(catalogue().services)
    assert set(labels.SERVICES) == set(services.LOOKS) == set(services.CATEGORIES_OF) == every
    assert len({(look.shape, look.colour) for look in services.LOOKS.values()}) == len(every)
    assert len({look.shape for look in services.LOOKS.values()}) == len(every)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("behind", ["#ffffff", "#f3f5f6"])
def test_the_services_colours_can_be_read(behind: str) -> None:
    for service, look in services.LOOKS.items():
        light, dark = sorted((luminance(behind), luminance(look.colour)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, service


def test_the_services_colours_are_those_of_the_style_sheet() -> None:
    css = (catalogues.FOLDER / "static" / "app.css").read_text("utf-8")
    for service, look in services.LOOKS.items():
        assert f".app-service--{service} {{ color: {look.colour}; }}" in css


def test_the_template_holds_exactly_the_messages_in_use() -> None:
    assert (catalogues.LOCALE / "messages.pot").read_bytes() == catalogues.written(catalogues.extracted())


@pytest.mark.parametrize("code", ["en", "cy"])
def test_the_compiled_catalogue_is_the_written_one(code: str) -> None:
    po = catalogues.place(code)
    assert po.with_suffix(".mo").read_bytes() == catalogues.compiled(po.read_bytes())


def test_every_message_has_its_welsh_marked_unreviewed() -> None:
    held = polib.pofile(str(catalogues.place("cy")))
    assert held.untranslated_entries() == []
    assert held.fuzzy_entries() == []
    assert all(catalogues.UNREVIEWED in entry.comment for entry in held)


def test_every_welsh_message_takes_the_same_values() -> None:
    for entry in polib.pofile(str(catalogues.place("cy"))):
        told = [entry.msgstr, *entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]
        for text in filter(None, told):
            assert placeholders(text) == placeholders(entry.msgid), entry.msgid


def placeholders(text: str) -> set[str]:
    return {part.split(")")[0] for part in text.split("%(")[1:]}


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 o blant"), (1, "1 plentyn"), (2, "2 blentyn"), (3, "3 phlentyn"), (5, "5 o blant"), (6, "6 phlentyn")],
)
def test_welsh_counts_children_as_welsh_does(count: int, said: str) -> None:
    text = language(Code.CY).ngettext("%(num)s child found", "%(num)s children found", count)
    assert text == f"Canfuwyd {said}"


def test_a_code_nobody_knows_is_still_shown() -> None:
    assert values.described(language(Code.EN), "new_thing", "some_code") == "new thing: some code"
