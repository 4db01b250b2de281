"""A second review: what changed since the first, and what somebody has taken on."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from openntz.errors import InputError
from openntz.workflows.review import ReviewOutcome
from tests.workflows.test_review import AS_OF, review, rows, small_clinic

PEOPLE = {"P06", "P13", "P16"}
HEAD = "person,rule,who,when,until,status,reason\n"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReviewOutcome]:
    room = tmp_path_factory.mktemp("first")
    folder = small_clinic(room / "few", PEOPLE)
    return folder, review(folder, room / "out", workers=1)


def findings_of(out: Path) -> Path:
    return out / "findings.json"


def statuses(out: Path) -> dict[tuple[str, str], str]:
    found = json.loads(findings_of(out).read_text(encoding="utf-8"))
    return {(f["person"], f["rule"]): f["status"] for f in found}


def test_the_same_review_again_has_no_change(first, tmp_path: Path) -> None:
    folder, done = first
    old = findings_of(done.index.parent)
    again = review(folder, tmp_path / "out", workers=1, compare=old)
    assert again.review.changes is not None
    assert again.review.changes.found == ()
    assert again.review.changes.remarks == ()
    assert findings_of(tmp_path / "out").read_bytes() == old.read_bytes()
    written = json.loads((tmp_path / "out" / "changes.json").read_text(encoding="utf-8"))
    assert written["new"] == written["gone"] == written["changed"] == written["moved"] == []


def test_planted_changes_are_found_with_their_reasons(first, tmp_path: Path) -> None:
    folder, done = first
    later = tmp_path / "later"
    later.mkdir()
    for table in folder.glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [row for row in lines if not row.startswith("P13,")]  # P13 left the export
        (later / table.name).write_text("".join(kept), encoding="utf-8")
    with (later / "measurements.csv").open("a", encoding="utf-8") as stream:
        stream.write("P16,2024-06-29,platelets,240,10*9/L,,,,\n")
    out = tmp_path / "out"
    old = findings_of(done.index.parent)
    review(later, out, workers=1, compare=old)
    changes = json.loads((out / "changes.json").read_text(encoding="utf-8"))
    gone = {(c["person"], c["rule"]): c for c in changes["gone"]}
    platelets = gone["P16", "platelets.low"]
    assert (platelets["before"]["status"], platelets["now"]["status"]) == ("act", "ok")
    assert "measurements: 2024-06-29: platelets 240" in " ".join(platelets["why"])
    left = {rule for person, rule in gone if person == "P13"}
    open_before = {r for (p, r), s in statuses(done.index.parent).items() if p == "P13" != s}
    assert left <= open_before
    assert left
    assert gone["P13", sorted(left)[0]]["why"] == ["The person is no longer in the export."]
    assert changes["people"] == {"new": 0, "gone": 1}
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "Since 2024-06-30" in index


def test_time_alone_is_named_as_the_reason(first, tmp_path: Path) -> None:
    folder, done = first
    out = tmp_path / "out"
    later = AS_OF + timedelta(days=30)
    old = findings_of(done.index.parent)
    review(folder, out, workers=1, compare=old, as_of=later)
    changes = json.loads((out / "changes.json").read_text(encoding="utf-8"))
    assert (changes["earlier"]["as_of"], changes["as_of"]) == ("2024-06-30", "2024-07-30")
    late = [c for c in changes["changed"] if c["rule"] == "interval.late-dose"]
    assert any("Time passed" in " ".join(c["why"]) for c in late)


def test_a_changed_limit_is_named_as_the_reason(first, tmp_path: Path) -> None:
    folder, done = first
    site = tmp_path / "site.toml"
    site.write_text(
        '[override."late-dose.act-after"]\nvalue = 5\nwho = "Dr A"\nwhen = 2024-05-01\n'
    )
    out = tmp_path / "out"
    review(folder, out, workers=1, compare=findings_of(done.index.parent), site=site)
    changes = json.loads((out / "changes.json").read_text(encoding="utf-8"))
    (limit,) = changes["limits"]
    assert limit == {
        "fact": "late-dose.act-after",
        "before": "8 wk",
        "now": "5 wk (set by Dr A, 2024-05-01)",
    }
    (late,) = [c for c in changes["changed"] if c["rule"] == "interval.late-dose"]
    assert "The limit late-dose.act-after is 5 wk" in " ".join(late["why"])


def test_the_earlier_file_may_be_the_one_that_is_written_anew(first, tmp_path: Path) -> None:
    folder, _ = first
    out = tmp_path / "out"
    review(folder, out, workers=1)
    review(folder, out, workers=1, compare=findings_of(out), as_of=AS_OF + timedelta(days=30))
    assert json.loads((out / "changes.json").read_text(encoding="utf-8"))["changed"]
    # A review that compares nothing leaves no comparison of an earlier run behind.
    review(folder, out, workers=1)
    assert not (out / "changes.json").exists()


def test_a_bad_earlier_file_stops_before_anything_is_written(first, tmp_path: Path) -> None:
    folder, _ = first
    bad = tmp_path / "findings.json"
    bad.write_text("[{}]")
    with pytest.raises(InputError, match="entry 1"):
        review(folder, tmp_path / "out", compare=bad)
    assert not (tmp_path / "out").exists()


def test_acknowledged_findings_keep_their_status_everywhere(first, tmp_path: Path) -> None:
    folder, done = first
    before = statuses(done.index.parent)
    taken = next(k for k, s in before.items() if s == "due")
    file = tmp_path / "acknowledged.csv"
    file.write_text(
        HEAD
        + f"{taken[0]},{taken[1]},Nurse B,2024-06-01,2024-07-31,due,booked\n"
        + "P16,platelets.low,Dr A,2024-06-28,2024-07-10,act,seen\n"
        + "P99,platelets.low,Dr A,2024-06-28,2024-07-10,act,seen\n"
    )
    out = tmp_path / "out"
    again = review(folder, out, workers=1, acknowledged=file)
    assert statuses(out) == before
    found = {
        (f["person"], f["rule"]): f["acknowledged"]
        for f in json.loads(findings_of(out).read_text(encoding="utf-8"))
        if f["acknowledged"]
    }
    assert set(found) == {taken, ("P16", "platelets.low")}
    assert found[taken]["who"] == "Nurse B"
    (problem,) = rows(out / "rejected.csv")
    assert (problem["table"], problem["line"], problem["value"]) == ("acknowledged.csv", "4", "P99")
    assert again.review.acknowledged == 2
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "Acknowledged by Nurse B" in index


def test_an_acknowledgement_that_ran_out_shows_again(first, tmp_path: Path) -> None:
    folder, done = first
    before = statuses(done.index.parent)
    person, rule = next(k for k, s in before.items() if s == "due")
    file = tmp_path / "acknowledged.csv"
    file.write_text(HEAD + f"{person},{rule},Nurse B,2024-05-01,2024-06-29,due,\n")
    out = tmp_path / "out"
    review(folder, out, workers=1, acknowledged=file)
    found = json.loads(findings_of(out).read_text(encoding="utf-8"))
    (one,) = [f for f in found if (f["person"], f["rule"]) == (person, rule)]
    assert one["acknowledged"] is None
    assert one["lapsed"].endswith("until 2024-06-29; that day has passed.")


def test_a_finding_of_a_page_says_when_it_changes(first) -> None:
    _, done = first
    turned = [
        (f, t) for p in done.review.people for f in p.findings if f.later for t in f.later.turns
    ]
    assert turned
    assert all(t.status is not f.status and t.day > AS_OF for f, t in turned)
    assert all(isinstance(t.day, date) for _, t in turned)
