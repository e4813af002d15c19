"""The forms families sign, and what a signed one becomes."""

from importlib import resources

import pytest

from governance.agreements import register
from governance.terms import Category, FormFault, FormKind, LegalBasis, WishAnswer, WishKind
from governance.wishes.forms import FORM_ANSWERS, KIND_OF_WISH, VOIDS, FormRefused, collected, form_from, shipped
from governance.wishes.wishes import ANSWERS

FORM = """\
form: help-consent
version: 1
kind: consent
expires_months: 12
title: {en: "Help", cy: "Cymorth"}
text: {en: "Choose.", cy: "Dewiswch."}
modules:
  - module: school
    scope: [school, attainment]
    text: {en: "School", cy: "Ysgol"}
"""
WITHDRAWAL = FORM.replace("help-consent", "help-withdrawal").replace(
    "kind: consent\nexpires_months: 12", "kind: withdrawal\nof: help-consent"
)


def test_every_kind_answer_and_fault_has_its_row() -> None:
    assert set(KIND_OF_WISH) == set(FORM_ANSWERS) == set(FormKind)
    assert set(VOIDS) == set(FormFault)
    for kind, answers in FORM_ANSWERS.items():
        assert answers <= ANSWERS[KIND_OF_WISH[kind]]


def test_a_refusal_on_a_faulty_form_still_counts_unless_it_was_another_persons() -> None:
    saying_no = {WishAnswer.REFUSED, WishAnswer.WITHDRAWN, WishAnswer.MADE}
    for fault, answers in VOIDS.items():
        assert WishAnswer.GIVEN in answers
        assert answers.isdisjoint(saying_no) is (fault is not FormFault.WRONG_PERSON)


def test_the_hash_is_of_one_language_and_changes_with_any_word_scope_or_version() -> None:
    form = form_from(FORM)
    seen = {form.text_hash("en"), form.text_hash("cy")}
    for old, new in (
        ("School", "schools"),
        ("version: 1", "version: 2"),
        ("Choose.", "Choose!"),
        ("attainment", "send"),
    ):
        seen.add(form_from(FORM.replace(old, new)).text_hash("en"))
    assert len(seen) == 6
    assert form_from(FORM.replace("Dewiswch.", "Dewis.")).text_hash("en") == form.text_hash("en")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: consent", "kind: agreement", "line 3: kind"),
        ('cy: "Ysgol"', 'de: "Schule"', "line 10: modules[0].text"),
        ("expires_months: 12", "expires_months: 0", "line 4: expires_months"),
        ("version: 1", "version: one", "line 2: version"),
        ("scope: [school, attainment]", "scope: []", "line 9: modules[0].scope"),
        ("form: help-consent", "form: Help Consent", "line 1: form"),
    ],
)
def test_a_fault_names_line_and_field_and_not_the_value(old: str, new: str, said: str) -> None:
    with pytest.raises(FormRefused) as refused:
        form_from(FORM.replace(old, new))
    assert str(refused.value).startswith(said)
    assert new.split(": ")[1] not in str(refused.value)


def test_a_module_is_there_once() -> None:
    twice = FORM + FORM[FORM.index("  - module") :]
    with pytest.raises(FormRefused, match=r"modules\[1\].module: is there twice"):
        form_from(twice)


def test_a_withdrawal_belongs_to_a_consent_form_and_takes_back_all_a_module_asks_for() -> None:
    together = collected([form_from(FORM), form_from(WITHDRAWAL)])
    assert [form.code for form in together.to_sign()] == ["help-consent", "help-withdrawal"]
    for faulty in (
        [form_from(WITHDRAWAL)],
        [form_from(FORM), form_from(WITHDRAWAL.replace("[school, attainment]", "[school]"))],
        [form_from(FORM), form_from(WITHDRAWAL.replace("module: school", "module: other"))],
        [form_from(FORM), form_from(FORM)],
    ):
        with pytest.raises(FormRefused):
            collected(faulty)
    with pytest.raises(FormRefused, match="line 1: "):
        form_from(WITHDRAWAL.replace("of: help-consent\n", ""))


def test_the_newest_version_is_the_one_to_sign_and_the_old_one_stays_known() -> None:
    forms = collected([form_from(FORM), form_from(FORM.replace("version: 1", "version: 2"))])
    assert [form.version for form in forms.to_sign()] == [2]
    assert forms.version("help-consent", 1) is not None
    assert forms.newest("nothing") is None


def test_the_shipped_forms_reach_whatever_in_the_shipped_agreements_rests_on_consent() -> None:
    forms = shipped()
    for kind in (FormKind.CONSENT, FormKind.WITHDRAWAL, FormKind.REFUSAL):
        asked = {name for form in forms.to_sign() if form.kind is kind for m in form.modules for name in m.scope}
        for code in register.SHIPPED:
            flows = register.shipped(code).flows
            resting = {c for flow in flows if flow.basis is LegalBasis.CONSENT for c in flow.categories}
            assert resting - {Category.IDENTITY, Category.FAMILY} <= asked


def test_an_objection_form_names_every_shipped_agreement_that_can_be_objected_to() -> None:
    [form] = [form for form in shipped().to_sign() if KIND_OF_WISH[form.kind] is WishKind.OBJECTION]
    named = {name for module in form.modules for name in module.scope}
    for code in register.SHIPPED:
        if any(
            flow.objection_honoured and flow.basis is not LegalBasis.CONSENT for flow in register.shipped(code).flows
        ):
            assert code in named


def test_welsh_that_nobody_has_read_is_marked() -> None:
    folder = resources.files("governance.wishes").joinpath("forms_shipped")
    for file in folder.iterdir():
        assert "not been reviewed by a Welsh speaker" in file.read_text(
            "utf-8"
        ) or "welsh_reviewed: true" in file.read_text("utf-8")
    assert not any(form.welsh_reviewed for form in shipped().to_sign())
