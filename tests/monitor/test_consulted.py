"""Profiles that agree on all a rule looked up are not asked; asking them all is the oracle."""

from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.monitor import engine
from openntz.monitor.consulted import Consulted, Watched
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rule import Rule, Verdict
from tests import build
from tests.strategies import FIRST, LAST, courses

KEY = "eligibility.minimum-age"
PROFILE = {name: load_profile(name) for name in PROFILES}


def other_with(**changes):
    """The `us` profile, made equal to `eu` but for the changes."""
    eu = PROFILE["eu"]
    return replace(
        PROFILE["us"],
        use=MappingProxyType({**eu.use, **changes}),
        choose=eu.choose,
    )


def rule(decide):
    return Rule(
        id="a.rule",
        title="",
        question="",
        derive=lambda situation, profile: situation,
        decide=decide,
        sources=(),
    )


def findings(decide, other):
    return evaluate(build.situation(build.course()), PROFILE["eu"], {"us": other}, (rule(decide),))


def by_age(facts, profile):
    return Verdict(status=Status.OK if profile.number(KEY) < 18 else Status.DUE, message="")


def test_a_profile_that_differs_where_the_rule_looked_is_asked():
    lower = replace(PROFILE["eu"].use[KEY], value=12)
    (found,) = findings(by_age, other_with(**{KEY: lower}))
    assert found.others == (("us", Status.OK, ""),)


def test_a_profile_that_lacks_what_the_rule_looked_for_is_asked():
    use = dict(PROFILE["eu"].use)
    del use[KEY]
    (found,) = findings(by_age, replace(PROFILE["us"], use=use))
    assert [status for _, status, _ in found.others] == [Status.UNKNOWN]


def test_a_profile_that_differs_elsewhere_is_not_asked():
    asked = []

    def decide(facts, profile):
        asked.append(profile.id)
        return by_age(facts, profile)

    findings(decide, other_with(**{"observation.minutes": PROFILE["us"].use[KEY]}))
    assert asked == ["eu"]


def test_a_rule_that_compares_profiles_is_asked_under_each():
    asked = []

    def decide(situation, profile):
        asked.append(profile.id)
        return Verdict(status=Status.OK, message=str(list(situation.profiles)))

    findings(decide, other_with())
    assert asked == ["eu", "us"]


@given(st.dictionaries(st.text(), st.integers()), st.lists(st.text()))
def test_a_watched_mapping_matches_the_mapping_it_holds(held, keys):
    watched = Watched(held)
    for key in keys:
        assert watched.get(key) == held.get(key)
    assert watched.keys_seen == set(keys)
    assert dict(watched.items()) == held
    assert len(watched) == len(held)


class Always(Consulted, frozen=True):
    """Nothing is taken as agreed."""

    def same_under(self, other):
        return False


@pytest.mark.parametrize("name", PROFILES)
@given(course=courses(), as_of=st.dates(FIRST, LAST), predicted=st.booleans())
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_findings_match_those_with_every_profile_asked(name, course, as_of, predicted):
    profile = PROFILE[name]
    made = build.situation(
        course, as_of=as_of, profile=profile, predicted=build.forecast() if predicted else None
    )
    short = evaluate(made, profile, PROFILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "Consulted", Always)
        full = evaluate(made, profile, PROFILE)
    assert short == full
