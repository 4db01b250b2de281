"""A stop whose reason says that the person died: by the whole field or its beginning only."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from openntz.definitions.death import recorded_death, says_died
from openntz.evidence.registry import registry
from openntz.records.limits import Limits
from tests.build import (
    course,
    days_before,
    dose,
    edss,
    measurement,
    plan,
    pregnancy,
    reaction,
    relapse,
    scan,
    symptom,
    treatment,
)

AS_OF = date(2024, 6, 30)
WORDS = Limits.create(registry(), AS_OF).death


@pytest.mark.parametrize(
    "reason",
    [
        *("died", "Died", "DIED.", "death", "DEATH", "deceased", "patient died", "passed away"),
        *("subject died", "Subject died of PML", "death of subject", "Patient died."),
        *("died of sepsis", "Death (PML)", "death: myocardial infarction", "Death, at home"),
        *("death 2024-05-01", "died on 1 May 2024", "died, cause unknown", "deceased 01/05/2024"),
        *("verstorben", "Verstorben am 1.5.2024", "gestorben", "Patientin verstorben", "Tod"),
        *("død", "doed", "Død af lungeemboli", "afgået ved døden"),
        *("overleden", "Overleden aan sepsis", "gestorven", "overlijden"),
        *("décès", "décédé", "Décédée le 3 mai", "d\u0065\u0301ce\u0300s", "décès (sepsis)"),
    ],
)
def test_plain_words_of_five_languages_say_it(reason):
    assert says_died(reason, WORDS)


@pytest.mark.parametrize(
    "reason",
    [
        *(
            "",
            "fear of death",
            "death of husband",
            "death of mother",
            "mother died",
            "deceased aunt",
        ),
        *(
            "not died",
            "not dead",
            "no death",
            "died?",
            "possibly died",
            "risk of death",
            "deceased aunt",
        ),
        *("deadline missed", "died: no", "JCV index; afraid of death", "Tod der Mutter"),
        *("Todesangst", "husband died", "angst for døden", "peur de la mort", "moeder overleden"),
        *("død i familien", "decided to stop", "diet", "planned pregnancy", "mortgage"),
        *("tot 1-6-2024", "tot 01/06/2024", "tot", "Todesfall", "dødsfald", "Todesfall, Familie"),
        *("death, husband", "Death (wife)", "died, father", "death, mother", "died: son"),
        *("Tod (Ehemann)", "verstorben (Vater)", "Tod; Großmutter", "décès (mari)", "décès, mère"),
        *(
            "décédée, sœur",
            "d\u0065\u0301ce\u0300s, grand-pe\u0300re",
            "død (mor)",
            "død, ægtefælle",
        ),
        *("overleden, vader", "overlijden (familie)", "died of sepsis, her brother"),
        *("death 2024-05-01, bereavement", "deceased (mother's side)", "DEATH / FAMILY"),
    ],
)
def test_other_mentions_do_not(reason):
    assert not says_died(reason, WORDS)


def stopped(reason: str = "died", /, **events):
    day = days_before(40)
    return course(
        doses=[dose(days_before(60), line=4), *events.pop("doses", [])],
        plans=[plan(day, stopped=day, reason=reason, line=9), *events.pop("plans", [])],
        **events,
    )


def test_the_day_is_that_of_the_stop():
    found = recorded_death(stopped(), AS_OF, WORDS)
    assert found is not None
    assert (found.day, found.plan.ref.line) == (days_before(40), 9)
    assert found.believed


def test_nobody_has_died_without_a_word_of_it_or_before_the_day():
    assert recorded_death(stopped("JCV index"), AS_OF, WORDS) is None
    assert recorded_death(stopped(), days_before(41), WORDS) is None
    assert recorded_death(stopped(), days_before(40), WORDS) is not None


NEXT, AHEAD = days_before(39), days_before(-10)
LATER = [
    ("doses", dose(NEXT, line=5)),
    ("doses", dose(AHEAD, line=5)),
    ("mri", scan(NEXT, line=5)),
    ("relapses", relapse(NEXT, line=5)),
    ("edss", edss(NEXT, line=5)),
    ("reactions", reaction(NEXT, "urticaria", line=5)),
    ("treatments", treatment(NEXT, "ocrelizumab", line=5)),
    ("pregnancies", pregnancy(NEXT, line=5)),
    ("pregnancies", pregnancy(days_before(300), delivery=NEXT, line=5)),
    ("plans", plan(NEXT, 28, line=5)),
    ("plans", plan(NEXT, stopped=NEXT, reason="JCV index", line=5)),
    ("plans", plan(days_before(50), stopped=NEXT, line=5)),
    ("plans", plan(days_before(50), stopped=AHEAD, reason="moved", line=5)),
    ("plans", replace(plan(days_before(50), line=5), consent=NEXT)),
    ("plans", replace(plan(days_before(50), line=5), authorised=NEXT)),
]


@pytest.mark.parametrize(("table", "event"), LATER)
def test_what_the_living_alone_do_speaks_against_it(table, event):
    found = recorded_death(stopped(**{table: [event]}), AS_OF, WORDS)
    assert found is not None
    assert not found.believed
    assert [str(e.ref) for e in found.later] == [f"{table}:5"]


UNTIL = days_before(40)


@pytest.mark.parametrize(
    ("table", "event"),
    [
        ("doses", dose(UNTIL)),
        ("reactions", reaction(UNTIL, "anaphylaxis")),
        ("treatments", treatment(days_before(90), "rituximab", end=NEXT)),
        ("pregnancies", pregnancy(days_before(200), due=AHEAD, delivery=UNTIL)),
        ("plans", plan(days_before(50), stopped=UNTIL, reason="PML")),
        ("plans", plan(NEXT, stopped=NEXT, reason="patient died")),
        ("plans", plan(days_before(50), 28)),
        ("plans", replace(plan(days_before(50), line=5), consent=UNTIL, authorised=UNTIL)),
    ],
)
def test_what_ends_by_the_day_does_not(table, event):
    found = recorded_death(stopped(**{table: [event]}), AS_OF, WORDS)
    assert found is not None
    assert found.believed


@pytest.mark.parametrize(
    "late",
    [
        {"measurements": [measurement("alt", days_before(39), 20.0)]},
        {"symptoms": [symptom(days_before(39), "autopsy: no PML")]},
        {"mri": [scan(days_before(40))]},
    ],
)
def test_results_and_notes_may_be_late(late):
    found = recorded_death(stopped(**late), AS_OF, WORDS)
    assert found is not None
    assert found.believed
