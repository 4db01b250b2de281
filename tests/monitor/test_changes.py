"""What changed between two reviews: planted changes are found, and nothing else."""

from datetime import date

from msgspec.structs import replace

from openntz.monitor.changes import Said, compare
from openntz.monitor.finding import Status

OLD, NEW = date(2024, 5, 31), date(2024, 6, 30)


def said(person="N1", rule="review.due", status=Status.DUE, as_of=OLD, **values):
    given = {
        "due": date(2024, 6, 1),
        "message": "m",
        "profile": "eu",
        "evidence": ("doses:3",),
        "rows": ("2024-05-01: 300 mg IV",),
        "limits": {"review.interval": "183 d"},
    }
    return Said(person=person, rule=rule, status=status, as_of=as_of, **{**given, **values})


def now(**values):
    return said(as_of=NEW, **values)


def compared(before, after):
    return compare("old.json", before, after, NEW)


def kinds(changes):
    return [(c.kind, c.person, c.rule) for c in changes.found]


def test_equal_reviews_have_no_change():
    same = [said(), said(rule="level.low", status=Status.OK)]
    assert compare("x", same, same, OLD).found == ()


def test_new_gone_changed_and_moved_are_told_apart():
    before = [
        said(rule="a", status=Status.OK),
        said(rule="b", status=Status.DUE),
        said(rule="c", status=Status.WATCH),
        said(rule="d", status=Status.DUE, due=date(2024, 6, 1)),
        said(rule="e", status=Status.UNKNOWN),
        said(rule="f", status=Status.OK),
    ]
    after = [
        now(rule="a", status=Status.WATCH),
        now(rule="b", status=Status.OK),
        now(rule="c", status=Status.ACT),
        now(rule="d", status=Status.DUE, due=date(2024, 7, 1)),
        now(rule="e", status=Status.UNKNOWN),
        now(rule="f", status=Status.OK),
    ]
    assert kinds(compared(before, after)) == [
        ("new", "N1", "a"),
        ("gone", "N1", "b"),
        ("changed", "N1", "c"),
        ("moved", "N1", "d"),
    ]


def test_what_became_unknown_is_new_and_never_resolved():
    changes = compared([said(status=Status.OK)], [now(status=Status.UNKNOWN)])
    assert kinds(changes) == [("new", "N1", "review.due")]


def test_due_today_because_no_date_was_given_is_no_news_a_month_later():
    before, after = said(status=Status.ACT, due=OLD), now(status=Status.ACT, due=NEW)
    assert compared([before], [after]).found == ()


def test_why_names_rows_by_their_words_so_that_moved_lines_are_not_new():
    moved = now(status=Status.ACT, evidence=("doses:9",))
    (change,) = compared([said()], [moved]).found
    assert change.why == ("Time passed; no row or limit it names is another.",)
    other = replace(moved, rows=("2024-06-20: 300 mg IV",))
    (change,) = compared([said()], [other]).found
    assert change.why[:2] == (
        "Now rests on doses: 2024-06-20: 300 mg IV.",
        "No longer on doses: 2024-05-01: 300 mg IV.",
    )


def test_why_names_limits_and_profiles_that_changed():
    after = now(status=Status.ACT, limits={"review.interval": "90 d"}, profile="us")
    changes = compared([said()], [after])
    (change,) = changes.found
    assert "Judged by the profile us, before by eu." in change.why
    assert "The limit review.interval is 90 d; it was 183 d." in change.why
    assert changes.limits == (("review.interval", "183 d", "90 d"),)


def test_where_nothing_named_changed_it_says_so():
    (change,) = compare("x", [said()], [said(status=Status.ACT)], OLD).found
    assert change.why[0].startswith("No row, limit or date it names is another")


def test_people_who_left_and_came():
    before, after = [said(), said(person="N2")], [now(), now(person="N3")]
    changes = compared(before, after)
    assert kinds(changes) == [("new", "N3", "review.due"), ("gone", "N2", "review.due")]
    assert changes.of("gone")[0].why == ("The person is no longer in the export.",)
    assert changes.of("new")[0].why == ("The person is new in the export.",)
    assert (changes.people_new, changes.people_gone) == (1, 1)


def test_a_rule_the_earlier_file_does_not_know_is_not_called_new():
    after = [now(), now(rule="neda.three"), now(rule="quiet.one", status=Status.OK)]
    changes = compared([said()], after)
    assert changes.found == ()
    assert changes.not_compared == {"neda.three": 1}


def test_a_rule_this_version_has_no_more_is_gone_with_the_reason():
    changes = compared([said(), said(rule="old.rule")], [now()])
    assert kinds(changes) == [("gone", "N1", "old.rule")]
    assert changes.found[0].why == ("This version has no such rule.",)


def test_an_older_file_is_compared_and_what_it_lacks_is_said():
    bare = {"as_of": None, "rows": None, "limits": None}
    changes = compared([replace(said(), **bare)], [now(status=Status.ACT, evidence=("doses:4",))])
    assert len(changes.remarks) == 3
    assert changes.earlier is None
    assert changes.found[0].why == (
        "Now rests on doses:4.",
        "No longer on doses:3.",
    )


def test_an_empty_file_is_said_and_everything_open_is_new():
    changes = compared([], [now(), now(rule="x", status=Status.OK)])
    assert kinds(changes) == [("new", "N1", "review.due")]
    assert "no finding at all" in changes.remarks[0]
