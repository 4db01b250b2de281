"""What rests on a threshold, against the thresholds rules really look up."""

from datetime import timedelta

from openntz.monitor.engine import evaluate
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.reach import keys_of, rules_by_fact
from openntz.monitor.rule import Rule, Verdict
from openntz.monitor.rules.catalogue import RULES
from tests import build

RULE = {rule.id: rule for rule in RULES}


def people():
    """Situations that lead rules down different roads."""
    doses = build.doses_until(build.AS_OF - timedelta(days=20), 14)
    yield build.course()
    yield build.course(doses=doses)
    yield build.course(
        doses=doses,
        measurements=[
            build.antibody("2023-08-01", "positive"),
            build.antibody("2024-02-01", "positive", line=3),
            build.lymphocytes("2024-03-01", 2.1, line=4),
            build.measurement("platelets", "2024-06-01", 40, line=5),
            build.measurement("alt", "2024-06-01", 400, line=6),
        ],
        reactions=[build.reaction(build.AS_OF - timedelta(days=20), "urticaria", 2)],
        mri=[build.scan("2024-05-01", 1, 2)],
        relapses=[build.relapse("2024-05-20")],
    )
    yield build.course(
        doses=build.doses_until(build.AS_OF - timedelta(days=120), 30),
        plans=[build.plan("2024-03-01", stopped=build.AS_OF - timedelta(days=110))],
    )


def test_every_fact_a_finding_names_can_be_reached_by_its_rule():
    reached = rules_by_fact()
    seen = 0
    for name in PROFILES:
        profile = load_profile(name)
        for course in people():
            for finding in evaluate(build.situation(course, profile=profile), profile, {}):
                for fact in finding.facts:
                    assert name in reached[fact].get(finding.rule, ()), (fact, finding.rule)
                    seen += 1
    assert seen > 200


def test_a_key_in_a_helper_of_a_helper_is_found_and_no_other():
    def deep(profile):
        return [profile.number(key) for key in ("level.low-of-nobody", "level.act-below")]

    def decide(facts, profile):
        return Verdict(message=str(deep(profile)), status=facts)

    rule = Rule(id="x", title="", question="", derive=decide, decide=decide, sources=())
    # A function outside of the package is not followed; one inside is, through its closure.
    assert keys_of(rule) == frozenset()
    decide.__module__ = deep.__module__ = "openntz.example"
    inside = Rule(id="y", title="", question="", derive=decide, decide=decide, sources=())
    assert keys_of(inside) == frozenset({"level.act-below"})


def test_a_profile_that_uses_another_fact_is_named():
    yearly = rules_by_fact()["mri.interval.us-yearly"]
    assert yearly["pml.mri-due"] == ("us",)
    assert set(rules_by_fact()["late-dose.act-after"]["interval.late-dose"]) == set(PROFILES)
