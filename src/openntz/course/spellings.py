"""Words of an export and what they stand for: tests, routes, sexes, answers, blanks.

Keys are compared through ``plain_name``: case, blanks and punctuation do not matter. A word
that is not here is refused with the list of those that are; a mapping file adds a clinic's own.
"""

from __future__ import annotations

from typing import Final, Literal

from openntz.course import vocabulary as v
from openntz.course.columns import plain_name
from openntz.course.events import Answer, Route

_TESTS: Final[dict[str, tuple[str, ...]]] = {
    v.NATALIZUMAB: (
        *("natalizumab level", "natalizumab concentration", "natalizumab trough", "ntz"),
        *("natalizumab trough level", "natalizumab trough concentration", "natalizumab serum"),
        *("serum natalizumab", "ntz level", "ntz trough", "ntz concentration", "tysabri level"),
        *("natalizumab drug level", "natalizumab plasma", "plasma natalizumab"),
    ),
    v.SATURATION: (
        *("alpha4-integrin saturation", "α4-integrin saturation", "a4 integrin occupancy"),
        *("alpha4-integrin receptor occupancy", "vla-4 saturation", "receptor occupancy"),
        *("receptor saturation", "natalizumab receptor occupancy", "vla-4 occupancy"),
    ),
    v.ANTIBODIES: (
        *("anti-natalizumab antibody", "natalizumab antibodies", "natalizumab antibody"),
        *("anti-natalizumab ab", "natalizumab ab", "anti-drug antibodies", "ada", "anti-ntz"),
        *("antidrug antibodies", "anti-drug antibody", "natalizumab ada", "anti-natalizumab"),
    ),
    v.JCV_INDEX: (
        *("jcv", "jcv antibody index", "jc virus index", "anti-jcv index", "jcv ab index"),
        *("anti-jcv antibody index", "jcv antibodies", "jcv antibody", "anti-jcv antibodies"),
        *("anti-jcv antibody", "jc virus antibody index", "stratify jcv", "jcv-index"),
    ),
    v.JCV_DNA: (
        *("jcv dna", "csf jcv dna", "jcv pcr", "csf jcv pcr", "jcv pcr in csf", "jc virus pcr"),
        *("jc virus dna", "jc virus dna in csf", "jcv dna csf", "jcv pcr csf", "csf jcv"),
    ),
    v.LYMPHOCYTES: (
        *("lymphocyte", "lymphs", "lymph", "lymphs abs", "lymphocytes abs", "alc"),
        *("absolute lymphocytes", "absolute lymphocyte count", "lymphocyte count"),
        *("lymphocytes absolute", "abs lymphocytes", "lymphocytes (absolute)", "lymphs absolute"),
    ),
    v.CD19: (
        "cd19 b cells",
        "cd19 cells",
        "cd19+ b cells",
        "b cells",
        "b-cells cd19",
        "cd19 count",
    ),
    v.NEUTROPHILS: ("neutrophil", "neutrophil count", "neutrophils abs", "anc", "neuts"),
    v.MONOCYTES: ("monocyte", "monocyte count", "monocytes abs", "monos"),
    v.EOSINOPHILS: ("eosinophil", "eosinophil count", "eosinophils abs", "eos"),
    v.PLATELETS: ("platelet", "platelet count", "plt", "thrombocytes", "plts"),
    v.HAEMOGLOBIN: ("hemoglobin", "hb", "hgb"),
    v.ALT: ("alat", "gpt", "sgpt", "alanine aminotransferase", "alt (gpt)", "alanine transaminase"),
    v.AST: (
        *("asat", "got", "sgot", "aspartate aminotransferase", "ast (got)"),
        "aspartate transaminase",
    ),
    v.BILIRUBIN: ("total bilirubin", "bilirubin total", "bili", "tbil", "bilirubin, total"),
    v.WEIGHT: ("body weight", "bodyweight", "wt"),
}

_ROUTES: Final[dict[Route, tuple[str, ...]]] = {
    "IV": ("iv", "intravenous", "intravenously", "iv infusion", "infusion", "intravenous infusion"),
    "SC": ("sc", "subcutaneous", "subcutaneously", "subcut", "subq", "sq", "sc injection"),
}

_SEXES: Final[dict[Literal["F", "M"], tuple[str, ...]]] = {
    "F": ("f", "female", "woman", "girl"),
    "M": ("m", "male", "man", "boy"),
}

_ANSWERS: Final[dict[Answer, tuple[str, ...]]] = {
    "positive": (
        "positive",
        "pos",
        "+",
        "detected",
        "reactive",
        "present",
        "low positive",
        "weak positive",
    ),
    "negative": ("negative", "neg", "not detected", "non-reactive", "nonreactive", "absent"),
    "indeterminate": (
        *(
            "indeterminate",
            "borderline",
            "equivocal",
            "inconclusive",
            "indet",
            "+/-",
            "grey zone",
            "gray zone",
        ),
    ),
}

# Said by a laboratory in place of a number: less than the limit of quantification.
BELOW_LIMIT: Final = frozenset(
    plain_name(w)
    for w in (
        *("blq", "bql", "<blq", "<lloq", "<loq", "below lloq", "below loq", "undetectable"),
        *("below limit", "below detection limit", "below limit of quantification", "<lod", "blod"),
        *("not detected", "not detectable", "none detected", "nd", "below detection"),
    )
)

# A cell that says nothing: the same as an empty one.
BLANK: Final = frozenset(
    {"", "na", "n/a", "n.a.", "nan", "null", "unknown", "not known", "nk", "-", "--", ".", "?"}
    | {"not recorded", "not done", "nd.", "missing", "#n/a", "\\n", "pending", "tbd"}
)

TESTS: Final = {plain_name(word): test for test, words in _TESTS.items() for word in (test, *words)}
ROUTES: Final[dict[str, Route]] = {
    plain_name(word): route for route, words in _ROUTES.items() for word in words
}
SEXES: Final[dict[str, Literal["F", "M"]]] = {
    plain_name(word): sex for sex, words in _SEXES.items() for word in words
}
# Signs carry the meaning here ('+', '+/-'), so these are compared as written, in lower case.
# A lone '-' is no answer: clinics write it for 'nothing here'.
ANSWERS: Final[dict[str, Answer]] = {
    word: answer for answer, words in _ANSWERS.items() for word in words
}


def words_for(test: str) -> tuple[str, ...]:
    """What else a test may be called, for the reference page."""
    return _TESTS[test]
