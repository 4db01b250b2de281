"""What another treatment is, and what stays unknown about earlier immunosuppressants."""

from __future__ import annotations

from datetime import date

import pytest

from openntz.definitions.treatments import (
    TreatmentKind,
    TreatmentNames,
    kind_of,
    prior_immunosuppressants,
)
from tests.build import course, treatment, without

NAMES = TreatmentNames(
    dmt_kinds=("dmt", "disease-modifying"),
    immunosuppressant_kinds=("immunosuppressant",),
    immunosuppressants=("azathioprine", "mitoxantrone"),
    natalizumab=("natalizumab", "tysabri"),
    harmless=("steroid", "symptomatic"),
)
DAY = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("fingolimod", "DMT", TreatmentKind.DMT),
        ("fingolimod", "Disease modifying therapy", TreatmentKind.DMT),
        ("methotrexate", "immunosuppressant", TreatmentKind.IMMUNOSUPPRESSANT),
        ("Azathioprine 50 mg", "dmt", TreatmentKind.IMMUNOSUPPRESSANT),
        ("Tysabri", "dmt", TreatmentKind.NATALIZUMAB),
        ("prednisolone", "steroids", TreatmentKind.OTHER),
        ("rituximab", "biologic", TreatmentKind.UNKNOWN),  # in no list: not harmless
        ("trial drug", "", TreatmentKind.UNKNOWN),
    ],
)
def test_kinds(name, kind, expected):
    assert kind_of(treatment(DAY, name, kind), NAMES) is expected


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        ([], False),
        ([("fingolimod", "dmt"), ("prednisolone", "steroid")], False),
        ([("azathioprine", "")], True),
        ([("trial drug", "")], None),
        ([("trial drug", ""), ("x", "immunosuppressant")], True),
    ],
)
def test_prior_immunosuppressants(rows, known):
    made = course(treatments=[treatment(DAY, n, k) for n, k in rows])
    assert prior_immunosuppressants(made, NAMES).known is known


def test_prior_immunosuppressants_unknown_without_the_table():
    assert prior_immunosuppressants(course(recorded=without("treatments")), NAMES).known is None
