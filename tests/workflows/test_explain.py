"""openntz explain end to end: the finding of a review, and what would change it."""

import json
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from openntz.app.say_explain import as_text
from openntz.errors import InputError
from openntz.monitor.finding import Status
from openntz.monitor.rules.catalogue import RULES
from openntz.workflows.explain import ExplainQuestion, run_explain
from tests.workflows.test_review import review, small_clinic

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
AS_OF = date(2024, 6, 30)
ASKED = ExplainQuestion(
    folder=CLINIC,
    person="P16",
    rule=None,
    as_of=AS_OF,
    profile="eu",
    site=None,
    mapping=None,
    seed=5,
)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clinic(tmp_path_factory.mktemp("clinic") / "few", {"P16", "P13"})


def test_all_findings_match_those_of_a_review(clinic: Path, tmp_path: Path) -> None:
    done = review(clinic, tmp_path / "out").review
    answer = run_explain(replace(ASKED, folder=clinic))
    reviewed = next(p for p in done.people if p.id == "P16").findings
    told = {e.finding.rule: e.finding for e in answer.findings}
    assert told == {f.rule: replace(f, later=None) for f in reviewed}
    statuses = [e.finding.status.urgency for e in answer.findings]
    assert statuses == sorted(statuses)
    assert not answer.set_aside


def test_one_finding_holds_rows_words_limits_turns_and_suppositions(clinic: Path) -> None:
    (one,) = run_explain(replace(ASKED, folder=clinic, rule="pml.mri-due")).findings
    assert one.view.evidence[0].place.startswith("mri:")
    assert one.view.evidence[0].text
    assert dict(one.view.words)[Status.DUE] == "the date has passed"
    assert one.finding.later is not None
    assert one.finding.later.every_day
    # Last scan 2023-12-16, yearly; announced 30 days before (the label, contracts).
    turns = {t.status: t.day for t in one.finding.later.turns}
    assert turns[Status.DUE] == date(2024, 12, 15)
    assert turns[Status.WATCH] == date(2024, 11, 15)
    assert {s.what: s.status for s in one.without}[one.view.evidence[0].place] is Status.UNKNOWN


def test_a_turn_matches_a_review_on_that_day(clinic: Path) -> None:
    (one,) = run_explain(replace(ASKED, folder=clinic, rule="pml.mri-due")).findings
    assert one.finding.later is not None
    for turn in one.finding.later.turns:
        later = run_explain(
            replace(ASKED, folder=clinic, rule="pml.mri-due", as_of=turn.day)
        ).findings[0]
        assert (later.finding.status, later.finding.message) == (turn.status, turn.message)


@pytest.mark.parametrize("rule", sorted(r.id for r in RULES))
def test_every_rule_can_be_explained_as_json(rule: str, clinic: Path) -> None:
    answer = run_explain(replace(ASKED, folder=clinic, person="P13", rule=rule))
    (entry,) = json.loads(as_text(answer))["findings"]
    assert entry["rule"] == rule
    assert entry["words"]
    assert set(entry["later"]) == {"asked_until", "by_forecast", "turns"}
    for supposed in (*entry["without"], *entry["if_recorded_today"]):
        assert supposed["status"] != entry["status"]


def test_a_site_decision_is_shown_with_who_and_when(clinic: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        '[override."platelets.act-below"]\nvalue = 30\nwho = "Dr A"\nwhen = 2024-05-01\n'
    )
    (one,) = run_explain(replace(ASKED, folder=clinic, rule="platelets.low", site=site)).findings
    assert one.finding.status is Status.DUE
    assert "30 ×10⁹/L (set by Dr A, 2024-05-01)" in dict(one.view.words)[Status.ACT]


def test_an_acknowledgement_is_told(clinic: Path, tmp_path: Path) -> None:
    file = tmp_path / "acknowledged.csv"
    file.write_text(
        "person,rule,who,when,until,status\n"
        "P16,platelets.low,Dr A,2024-06-28,2024-07-05,act\nnobody,x,A,2024-06-28,2024-07-05,\n"
    )
    asked = replace(ASKED, folder=clinic, rule="platelets.low", acknowledged=file)
    answer = run_explain(asked)
    assert answer.findings[0].view.acknowledged.startswith("Acknowledged by Dr A")
    assert answer.set_aside


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"rule": "platelets.lo"}, "--rule"),
        ({"person": "P99"}, "--person"),
        ({"folder": Path("no-such-folder")}, ""),
    ],
)
def test_what_is_not_there_is_an_error_with_a_remedy(changes: dict, where: str) -> None:
    with pytest.raises(InputError) as caught:
        run_explain(replace(ASKED, **changes))
    assert where in caught.value.where
    assert caught.value.remedy


def test_a_rule_that_is_nearly_right_is_offered() -> None:
    with pytest.raises(InputError) as caught:
        run_explain(replace(ASKED, rule="platelets.lo"))
    assert "Did you mean platelets.low?" in caught.value.remedy
    assert "evidence" not in caught.value.remedy
