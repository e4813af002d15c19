"""What coded values are called on a screen.

Invariant: a value without words here is shown as its own code with the underscores taken out, never dropped: a
partner's own dataset spec may bring codes that this table has never heard of.
"""

from collections.abc import Mapping
from typing import Final

from app.language import N_, Language
from linkage.facts import Value

NAMES: Final[Mapping[str, str]] = {
    "gestation_days": N_("Gestation"),
    "birth_weight_grams": N_("Birth weight"),
    "weight_grams": N_("Weight"),
    "birth_order": N_("Birth order"),
    "first_feed": N_("First feed"),
    "skin_to_skin": N_("Skin to skin"),
    "smoking_at_booking": N_("Smoking at booking"),
    "complex_social_factors": N_("Complex social factors"),
    "mental_health_prediction": N_("Mental health prediction"),
    "previous_live_births": N_("Earlier live births"),
    "breastfeeding": N_("Breastfeeding"),
    "interval_months": N_("Questionnaire month"),
    "communication": N_("Communication"),
    "gross_motor": N_("Gross motor"),
    "fine_motor": N_("Fine motor"),
    "problem_solving": N_("Problem solving"),
    "personal_social": N_("Personal and social"),
    "good_level_of_development": N_("Good level of development"),
    "com_e01": N_("Listening and attention"),
    "com_e02": N_("Speaking"),
    "pse_e03": N_("Self-regulation"),
    "pse_e04": N_("Managing self"),
    "pse_e05": N_("Building relationships"),
    "phy_e06": N_("Gross motor skills"),
    "phy_e07": N_("Fine motor skills"),
    "lit_e08": N_("Comprehension"),
    "lit_e09": N_("Word reading"),
    "lit_e10": N_("Writing"),
    "mat_e11": N_("Number"),
    "mat_e12": N_("Numerical patterns"),
    "funded_hours": N_("Funded hours"),
    "expanded_hours": N_("Expanded hours"),
    "basis": N_("Basis"),
    "disability_access_fund": N_("Disability access fund"),
    "pupil_premium": N_("Early years pupil premium"),
    "free_school_meals": N_("Free school meals"),
    "provision": N_("Provision"),
    "year_group": N_("Year group"),
    "source": N_("Referred by"),
    "reason": N_("Reason"),
    "category_of_abuse": N_("Category"),
    "placement": N_("Placement"),
}

CODES: Final[Mapping[str, str]] = {
    "yes": N_("yes"),
    "no": N_("no"),
    "none": N_("none"),
    "total": N_("breast milk only"),
    "partial": N_("breast milk and other"),
    "breast_milk": N_("breast milk"),
    "donor_milk": N_("donor milk"),
    "formula": N_("formula"),
    "mixed": N_("mixed"),
    "emerging": N_("emerging"),
    "expected": N_("expected"),
    "exempt": N_("exempt"),
    "not_assessed": N_("not assessed"),
    "above_cutoff": N_("above the cut-off"),
    "monitoring_zone": N_("in the monitoring zone"),
    "below_cutoff": N_("below the cut-off"),
    "economic": N_("economic"),
    "high_need": N_("high need"),
    "looked_after": N_("looked after"),
    "current_smoker": N_("smokes"),
    "ex_smoker": N_("used to smoke"),
    "never_smoked": N_("never smoked"),
    "sen_support": N_("SEN support"),
    "ehc_plan": N_("education, health and care plan"),
    "needs_met": N_("needs met"),
    "moved_away": N_("moved away"),
    "stepped_up": N_("stepped up"),
    "disengaged": N_("disengaged"),
    "neglect": N_("neglect"),
    "emotional": N_("emotional"),
    "physical": N_("physical"),
    "sexual": N_("sexual"),
    "multiple": N_("multiple"),
    "kinship_foster": N_("kinship foster care"),
    "foster": N_("foster care"),
    "adoption": N_("adoption"),
    "residential": N_("residential care"),
    "with_parents": N_("with parents"),
    "health_visitor": N_("health visitor"),
    "school": N_("school"),
    "nursery": N_("nursery"),
    "self": N_("the family"),
    "midwife": N_("midwife"),
    "police": N_("police"),
    "housing": N_("housing"),
    "individual": N_("an individual"),
    "health": N_("health service"),
}


def described(words: Language, name: str, value: Value) -> str:
    """Return one coded value as a phrase: its name and what it says."""
    label = words.gettext(NAMES[name]) if name in NAMES else name.replace("_", " ")
    return f"{label}: {_said(words, name, value)}"


def _said(words: Language, name: str, value: Value) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, str):
        return words.gettext(CODES[value]) if value in CODES else value.replace("_", " ")
    if name == "gestation_days":
        return words.gettext(N_("%(weeks)s weeks and %(days)s days"), weeks=int(value) // 7, days=int(value) % 7)
    if name.endswith("_grams"):
        return words.gettext(N_("%(amount)s g"), amount=words.number(value))
    return words.number(value)
