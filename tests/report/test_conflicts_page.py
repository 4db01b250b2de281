"""The page on where sources disagree, against the conflicts and the registry it shows."""

from __future__ import annotations

from datetime import date
from functools import cache
from types import MappingProxyType

from markupsafe import escape
from msgspec.structs import replace

from openntz.evidence.conflicts import conflicts
from openntz.evidence.registry import Registry, SiteDecision, registry
from openntz.report.pages import Pages
from openntz.report.svg_marks import printable
from tests.report import build, invented
from tests.report.test_pages import Page


def pages(known: Registry, profile: str = "eu") -> Pages:
    return Pages.of(build.review((invented.normal(),), registry=known, profile=profile))


@cache
def shipped() -> str:
    return pages(registry()).conflicts()[1]


def test_every_conflict_is_shown_with_every_side_and_number() -> None:
    text, ids = Page(shipped()).text, Page(shipped()).ids
    for conflict in conflicts().values():
        assert conflict.id in ids
        for side in conflict.sides:
            assert " ".join(str(printable(side.says)).split()) in text
        for name in conflict.facts:
            assert name in text
        assert {f"source-{name}" for name in conflict.sources} <= set(ids)


def test_the_side_of_the_profile_is_marked() -> None:
    for profile in ("eu", "us", "study"):
        page = pages(registry(), profile).conflicts()[1]
        followed = sum(profile in side.profiles for c in conflicts().values() for side in c.sides)
        assert followed
        assert page.count("<b>this review</b>") == followed


def test_an_unverified_number_is_shown_as_such() -> None:
    weak = [f for c in conflicts().values() for f in c.facts if not registry().fact(f).verified]
    assert weak
    text = Page(shipped()).text
    for name in weak:
        assert "(unverified)" in registry().fact(name).shown
        assert registry().fact(name).meaning in text


def test_a_number_of_the_site_stands_where_the_registry_had_another() -> None:
    known = registry()
    fact = replace(
        known.fact("late-dose.act-after"),
        value=7,
        site=SiteDecision("Dr <b>A</b>", date(2024, 1, 1), 8),
    )
    site = Registry(known.sources, MappingProxyType({**known.facts, fact.id: fact}))
    page = pages(site).conflicts()[1]
    assert "set by Dr <b>A</b>" in Page(page).text
    assert str(escape("Dr <b>A</b>")) in page


def test_a_finding_links_to_the_conflicts_of_its_rule() -> None:
    name, person = pages(registry()).person(0)
    assert name.startswith("people/")
    links = Page(person).links
    for conflict in conflicts().values():
        shown = f"../conflicts.html#{conflict.id}" in links
        ran = {f.rule for f in invented.normal().findings}
        assert shown == bool(ran & set(conflict.rules)), conflict.id


def test_the_index_links_to_the_page() -> None:
    assert "conflicts.html" in Page(pages(registry()).index()[1]).links


def test_a_registry_that_knows_no_conflict_says_so() -> None:
    made = Pages.of(build.review((invented.normal(),)))
    text = made.conflicts()[1]
    assert "knows none" in text
