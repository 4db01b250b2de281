"""The column contract of the eleven tables, as data.

Headers are compared without regard to case, blanks, underscores and punctuation, so
``Birth date``, ``birth_date`` and ``BIRTHDATE`` are one name. Unknown columns are kept.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from openntz.course.columns import Column, Table

_PERSON = Column(
    "person",
    "identifier",
    "who the row belongs to; the same identifier in every table",
    required=True,
    synonyms=("person_id", "patient", "patient_id", "pat_id", "subject", "subject_id", "usubjid"),
)
_COMMENT = Column("comment", "text", "free text", synonyms=("comments", "note", "notes", "remark"))
_DAY = ("date of visit", "visit_date", "day", "when")

PEOPLE: Final = Table(
    "people",
    "a person, once",
    (
        replace(_PERSON, synonyms=(*_PERSON.synonyms, "id")),
        Column(
            "birth_date",
            "date",
            "date of birth",
            synonyms=("date_of_birth", "birthdate", "birthday", "dob", "born"),
        ),
        Column("sex", "choice", "F or M as recorded", synonyms=("gender", "sex_at_birth")),
        Column(
            "ms_onset",
            "date",
            "first symptom of multiple sclerosis; a year or a year and month are enough",
            synonyms=("onset", "ms_onset_date", "onset_date", "disease_onset", "first_symptom"),
        ),
        Column(
            "diagnosis",
            "text",
            "kind of multiple sclerosis, for example relapsing-remitting",
            synonyms=("ms_type", "ms_course", "phenotype", "ms_phenotype", "disease_course"),
        ),
        Column(
            "conditions",
            "text",
            "other diseases, now or ever, separated by ; and `none` when there are none",
            synonyms=("comorbidities", "comorbidity", "medical_history", "other_conditions"),
        ),
    ),
    files=("persons", "patients", "subjects", "demographics"),
)

PLANS: Final = Table(
    "plans",
    "what was intended from a date on: an interval, or that therapy stopped and why",
    (
        _PERSON,
        Column("date", "date", "when it was decided", required=True, synonyms=("plan_date", *_DAY)),
        Column(
            "planned_interval_days",
            "number",
            "intended interval between doses",
            unit="d",
            synonyms=("planned_interval", "interval"),
            units_in_name=(
                *(("planned_interval_days", "d"), ("interval_days", "d")),
                *(("planned_interval_weeks", "wk"), ("interval_weeks", "wk")),
            ),
        ),
        Column(
            "stopped",
            "date",
            "day therapy ended; `yes` stands for the day of the plan",
            synonyms=("stop", "stop_date", "stopped_on", "discontinued", "end_of_therapy"),
        ),
        Column(
            "reason",
            "text",
            "why; where it says first that the person died (`died`, `verstorben`, `overleden`), "
            "nothing more is asked for, except about a child and where a later row, or one that "
            "was set aside, may say otherwise; name nobody else here",
            synonyms=("stop_reason", "why", "comment"),
        ),
        Column(
            "consent",
            "date",
            "day the person was informed of PML and the other risks and consented; `yes` stands "
            "for the day of the plan",
            synonyms=("consent_date", "consented", "informed_consent"),
        ),
        Column(
            "authorised",
            "date",
            "day treatment was authorised again in the US programme; `yes` stands for the day of "
            "the plan",
            synonyms=(
                "authorized",
                "authorised_on",
                "authorisation",
                "authorization",
                "reauthorized",
            ),
        ),
    ),
    files=("plan", "therapy_plans", "schedule"),
)

DOSES: Final = Table(
    "doses",
    "an administration of natalizumab",
    (
        _PERSON,
        Column(
            "start",
            "moment",
            "start of the infusion, or time of the injection",
            required=True,
            synonyms=(
                *("start_time", "started", "infusion_start", "dose_start", "given", "date"),
                *("administered", "administration_date", "infusion_date", "dose_date", "datetime"),
            ),
        ),
        Column(
            "end",
            "moment",
            "end of the infusion; empty when not recorded",
            synonyms=("end_time", "ended", "stop_time", "infusion_end", "dose_end", "finish"),
        ),
        Column(
            "dose_mg",
            "number",
            "amount given",
            required=True,
            unit="mg",
            synonyms=("dose", "amount"),
            units_in_name=(
                *(("dose_mg", "mg"), ("amount_mg", "mg"), ("milligram", "mg"), ("mg", "mg")),
                *(("dose_g", "g"), ("amount_g", "g")),
            ),
        ),
        Column(
            "dose_unit",
            "unit",
            "unit of the amount when the header does not say",
            synonyms=("unit", "units", "amount_unit"),
        ),
        Column(
            "route",
            "choice",
            "IV or SC",
            required=True,
            synonyms=("administration_route", "route_of_administration", "via"),
        ),
        Column("product", "text", "trade name", synonyms=("drug", "medication", "brand")),
        Column("batch", "text", "batch", synonyms=("lot", "batch_number", "lot_number", "charge")),
        Column("setting", "text", "where it was given", synonyms=("place", "location", "site")),
        Column(
            "premedication", "text", "what was given before", synonyms=("premed", "premedications")
        ),
        Column(
            "discharged",
            "moment",
            "when the person left after the dose, with its time of day",
            synonyms=("discharge", "discharge_time", "discharged_at", "left"),
        ),
        Column(
            "follow_up_call",
            "text",
            "the clinic's call after an early discharge: when, or what came of it",
            synonyms=("followup", "follow_up", "phone_follow_up", "phone_call"),
        ),
        Column(
            "hotline",
            "text",
            "a call to the clinic's hotline after the dose: when, or what it was about",
            synonyms=("hotline_call", "hotline_contact", "emergency_call"),
        ),
    ),
    files=("dose", "infusions", "infusion", "administrations", "injections"),
)

MEASUREMENTS: Final = Table(
    "measurements",
    "a result of the laboratory or the bedside",
    (
        _PERSON,
        Column(
            "taken",
            "moment",
            "when the sample was drawn or the value taken",
            required=True,
            synonyms=(
                *("taken_at", "collected", "collection_time", "sampled", "sample_date", "date"),
                *("sample_time", "sampling_time", "drawn", "datetime", "measured", "date_time"),
            ),
        ),
        Column(
            "test",
            "choice",
            "what was measured",
            required=True,
            synonyms=("test_name", "analyte", "parameter", "measurement", "lab_test", "component"),
        ),
        Column(
            "value",
            "number",
            "the result: a number, `<2`, `>100`, positive, negative or a titre",
            required=True,
            synonyms=("result", "result_value", "measured_value", "outcome"),
        ),
        Column(
            "unit",
            "unit",
            "unit of the value",
            synonyms=("units", "unit_of_measure", "result_unit", "uom"),
        ),
        Column(
            "lloq",
            "number",
            "lower limit of quantification, in the unit of the value",
            synonyms=(
                "loq",
                "lower_limit",
                "lower_limit_of_quantification",
                "quantification_limit",
            ),
        ),
        Column(
            "threshold",
            "text",
            "cut-off for positive with its unit, `500 ng/mL`",
            synonyms=("cutoff", "cut_off", "positivity_threshold"),
        ),
        Column("assay", "text", "how it was measured", synonyms=("method", "assay_name", "kit")),
        Column("lab", "text", "laboratory", synonyms=("laboratory", "performing_lab", "lab_name")),
    ),
    files=("measurement", "labs", "lab", "laboratory", "results", "lab_results", "observations"),
)

REACTIONS: Final = Table(
    "reactions",
    "a reaction to an administration",
    (
        _PERSON,
        Column(
            "onset",
            "moment",
            "when it began",
            required=True,
            synonyms=("start", "date", "onset_time", "onset_date", "reaction_date"),
        ),
        Column(
            "term",
            "text",
            "what it was",
            required=True,
            synonyms=("reaction", "event", "description", "adverse_event"),
        ),
        Column(
            "grade",
            "count",
            "CTCAE grade 1 to 5",
            synonyms=("ctcae_grade", "severity_grade", "ctcae"),
        ),
        Column("action", "text", "what was done", synonyms=("action_taken", "measures")),
    ),
    files=("reaction", "infusion_reactions", "adverse_events"),
)


def _lesions(name: str, meaning: str, *synonyms: str) -> Column:
    return Column(name, "count", meaning, synonyms=synonyms)


MRI: Final = Table(
    "mri",
    "a brain MRI",
    (
        _PERSON,
        Column(
            "date", "date", "day of the scan", required=True, synonyms=("scan_date", "mri_date")
        ),
        _lesions(
            "gadolinium_lesions",
            "gadolinium-enhancing lesions",
            *("gd_lesions", "gd", "gadolinium", "enhancing_lesions", "gd_enhancing_lesions"),
        ),
        _lesions("new_t2_lesions", "T2 lesions new since the last scan", "new_t2", "t2_new"),
        _lesions("enlarging_t2_lesions", "T2 lesions enlarged since", "enlarging_t2", "t2_enlarg"),
        Column(
            "brain_volume_change_percent",
            "number",
            "change of brain volume in a year, negative for a loss",
            unit="%",
            synonyms=("annual_brain_volume_change", "annual_pbvc", "brain_volume_change_per_year"),
            units_in_name=(("brain_volume_change_percent", "%"),),
        ),
        _COMMENT,
    ),
    files=("scans", "mris", "imaging"),
)

RELAPSES: Final = Table(
    "relapses",
    "a clinical relapse",
    (
        _PERSON,
        Column(
            "onset",
            "date",
            "when it began",
            required=True,
            synonyms=("date", "start", "onset_date", "relapse_date"),
        ),
        Column("severity", "text", "how severe", synonyms=("grade",)),
        _COMMENT,
    ),
    files=("relapse", "attacks"),
)

EDSS: Final = Table(
    "edss",
    "a score on the Expanded Disability Status Scale",
    (
        _PERSON,
        Column("date", "date", "day of the examination", required=True, synonyms=_DAY),
        Column(
            "score",
            "number",
            "0, 1.0, 1.5 … 10",
            required=True,
            synonyms=("edss", "value", "edss_score"),
        ),
    ),
    files=("edss_scores", "disability"),
)

SYMPTOMS: Final = Table(
    "symptoms",
    "a reported symptom, for example wearing-off",
    (
        _PERSON,
        Column("date", "date", "when it was reported", required=True, synonyms=_DAY),
        Column("symptom", "text", "what", required=True, synonyms=("term", "complaint", "name")),
        _COMMENT,
    ),
    files=("symptom", "complaints"),
)

TREATMENTS: Final = Table(
    "treatments",
    "another treatment, before, beside or after natalizumab",
    (
        _PERSON,
        Column(
            "name",
            "text",
            "name of the drug or procedure",
            required=True,
            synonyms=("treatment", "drug", "medication"),
        ),
        Column("kind", "text", "for example dmt or immunosuppressant", synonyms=("class", "type")),
        Column(
            "start",
            "date",
            "first day; a year or a year and month stand for their first day",
            required=True,
            synonyms=("start_date", "from", "started"),
        ),
        Column(
            "end",
            "date",
            "last day; a year or a year and month stand for their last day",
            synonyms=("end_date", "stop", "stop_date", "until", "to", "ended"),
        ),
    ),
    files=("treatment", "other_treatments", "medications", "therapies"),
)

PREGNANCIES: Final = Table(
    "pregnancies",
    "a pregnancy; at least one of the three dates",
    (
        _PERSON,
        Column(
            "conception", "date", "day of conception", synonyms=("conceived", "conception_date")
        ),
        Column("due", "date", "expected day of delivery", synonyms=("due_date", "edd")),
        Column("delivery", "date", "day of delivery or end", synonyms=("delivered", "birth")),
        Column("outcome", "text", "live birth, loss …", synonyms=("result", "end")),
        Column(
            "breastfeeding",
            "text",
            "whether the child is breast-fed: yes, no, or the day until which",
            synonyms=("breast_feeding", "breastfed", "breast_fed", "lactation", "nursing"),
        ),
    ),
    files=("pregnancy",),
)

CONTRACT: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        *(PEOPLE, PLANS, DOSES, MEASUREMENTS, REACTIONS, MRI),
        *(RELAPSES, EDSS, SYMPTOMS, TREATMENTS, PREGNANCIES),
    )
}
