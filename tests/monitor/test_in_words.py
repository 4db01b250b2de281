"""Each rule in words: complete, and with the numbers of the profile."""

import re

import pytest

from openntz.monitor.finding import Status
from openntz.monitor.in_words import KEY, rules_in_words, templates
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.reach import keys_of
from openntz.monitor.rules.catalogue import RULES

RULE = {rule.id: rule for rule in RULES}


def test_every_rule_and_no_other_is_in_words():
    assert set(templates()) == set(RULE)


@pytest.mark.parametrize("rule", sorted(RULE))
def test_words_name_statuses_and_end_in_ok(rule):
    assert set(templates()[rule]) <= {str(s) for s in Status} - {"unknown"}
    assert "ok" in templates()[rule]
    assert len(templates()[rule]) > 1


@pytest.mark.parametrize("rule", sorted(RULE))
def test_numbers_in_words_are_keys_the_rule_may_look_up(rule):
    named = {key for text in templates()[rule].values() for key in KEY.findall(text)}
    assert named <= keys_of(RULE[rule])


@pytest.mark.parametrize("profile", PROFILES)
def test_words_carry_the_value_of_the_profile(profile):
    said = rules_in_words(load_profile(profile), lambda fact: f"<{fact.id}>")
    texts = dict(said["interval.late-dose"])
    assert texts[Status.ACT] == "more than <late-dose.act-after> since the last dose, on therapy"
    assert not any(KEY.search(text) for words in said.values() for _, text in words)
    assert [s for s, _ in said["level.low"]] == [Status.ACT, Status.DUE, Status.WATCH, Status.OK]


def test_a_number_stands_in_words_only_where_it_is_no_threshold():
    # A threshold written out would stay when a site changes it.
    for rule, by in templates().items():
        for text in by.values():
            bare = re.findall(r"\d+", KEY.sub("", text))
            assert bare in ([], ["24"]), (rule, text)
