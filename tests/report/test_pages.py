"""Pages, parsed: everything is there, nothing foreign is, links lead somewhere."""

import posixpath
import re
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from openntz.models.saturation import load_saturation
from openntz.monitor.finding import Status
from openntz.report.headline import drug_sentence
from openntz.report.no_drug import no_drug
from openntz.report.pages import NOTES_SHOWN, PROBLEMS_SHOWN, UNKNOWN_SHOWN, render
from openntz.report.paths import page_names
from openntz.report.words import STATUS_MEANING, STATUS_WORDS
from tests.contract import RULE_IDS
from tests.report import build, invented

VOID = {"meta", "link", "br", "input", "img", "hr"}
WRITTEN_BESIDE = {"findings.json", "changes.json", "forecast.csv", "rejected.csv", "notes.csv"}


class Page(HTMLParser):
    """Ids, links, loads, text and the balance of tags of one page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.words: list[str] = []
        self.inline = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, values))
        if tag not in VOID:
            self.stack.append(tag)
        if values.get("id"):
            self.ids.append(values["id"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        for key in ("src", "data", "poster", "srcset"):
            if values.get(key):
                self.loads.append(values[key])
        if tag == "link" and values.get("href"):
            self.loads.append(values["href"])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.stack
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack and self.stack[-1] in {"script", "style"}:
            self.inline += data.strip()
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


PROBLEMS = (
    build.Problem(
        *("doses", 4, "end", invented.HOSTILE, "ends before it starts", "Correct it."),
        person=invented.everybody()[0].id,
    ),
)


@cache
def written() -> dict[str, str]:
    return dict(render(build.review(invented.everybody(), rejected=PROBLEMS, notes=PROBLEMS)))


@cache
def page(name: str) -> Page:
    return Page(written()[name])


def pages() -> list[str]:
    return [name for name in written() if name.endswith(".html")]


def person_page(person) -> Page:
    files = page_names(p.id for p in invented.everybody())
    return page(f"people/{files[person.id]}")


def test_there_is_an_index_a_page_per_person_and_the_assets():
    assert len(pages()) == len(invented.everybody()) + 2
    assert {"index.html", "conflicts.html", "assets/openntz.css", "assets/openntz.js"} <= set(
        written()
    )


@pytest.mark.parametrize("name", pages())
def test_tags_are_balanced_and_ids_unique(name):
    found = page(name)
    assert found.stack == []
    assert len(found.ids) == len(set(found.ids))


@pytest.mark.parametrize("name", pages())
def test_nothing_is_loaded_but_the_two_assets(name):
    root = "../" if name.startswith("people/") else ""
    assert sorted(page(name).loads) == [f"{root}assets/openntz.css", f"{root}assets/openntz.js"]


@pytest.mark.parametrize("name", pages())
def test_no_script_or_style_stands_in_a_page(name):
    found = page(name)
    assert found.inline == ""
    for tag, values in found.tags:
        assert tag not in {"iframe", "object", "embed", "base", "style"}
        assert "style" not in values
        assert not any(key.startswith("on") for key in values)
        if tag == "script":
            assert values.get("src")


@pytest.mark.parametrize("name", pages())
def test_a_policy_forbids_what_is_not_shipped(name):
    policy = next(
        v["content"] for t, v in page(name).tags if v.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", pages())
def test_links_lead_somewhere_and_never_to_a_script(name):
    known = set(written()) | WRITTEN_BESIDE
    for link in page(name).links:
        parts = urlsplit(link)
        assert parts.scheme in {"", "https", "http"}
        if parts.scheme:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
        target = name if not parts.path else target
        assert target in known
        if parts.fragment and target.endswith(".html"):
            assert unquote(parts.fragment) in page(target).ids


@pytest.mark.parametrize("person", invented.everybody(), ids=lambda p: p.id[:6])
def test_a_page_holds_every_finding_with_its_sources(person):
    found = person_page(person)
    for finding in person.findings:
        assert finding.rule in found.ids
        assert "".join(finding.message.split()) in "".join(found.text.split())
        for source in finding.sources:
            assert f"source-{source}" in found.ids
        for place in finding.evidence:
            assert place in found.text


def test_a_finding_shows_limits_ranks_and_other_profiles():
    text = person_page(invented.normal()).text
    assert "8 weeks : longest gap" in text
    assert "5 µg/mL (project default)" in text
    assert "Chosen by this project; no source states it" in text
    assert "The US label repeats it later." in text


def test_evidence_is_told_in_words():
    assert "doses:3 2023-03-14 10:00: 300 mg IV" in person_page(invented.normal()).text


@pytest.mark.parametrize("name", pages())
def test_hostile_text_stays_text(name):
    text = written()[name]
    assert "<script>alert" not in text
    assert "<img" not in text
    assert 'onload="x' not in text
    assert "<td onclick" not in text
    assert "\x00" not in text


def test_hostile_identifiers_are_shown_and_lead_to_a_safe_page():
    assert f"../{invented.HOSTILE}" in page("index.html").text
    assert not any(".." in name or "<" in name for name in written())


def test_the_most_urgent_come_first():
    index = page("index.html")
    statuses = [v["data-status"] for t, v in index.tags if t == "tr" and "data-codes" in v]
    order = [Status(s).urgency for s in statuses]
    assert order == sorted(order)
    assert order[0] == Status.ACT.urgency


def test_the_index_counts_people_and_findings():
    text = page("index.html").text
    assert (
        "act now 2 people whose most urgent finding is “act now” "
        "2 such findings in all, among 2 people" in text
    )
    assert (
        "not known 0 people whose most urgent finding is “not known” "
        "1 such finding in all, among 1 person" in text
    )


def test_all_rules_are_listed_with_their_counts():
    index = page("index.html")
    cells = {
        (v["data-rule"], v["data-status"]) for t, v in index.tags if t == "td" and "data-rule" in v
    }
    assert cells >= {(rule, str(s)) for rule in RULE_IDS for s in Status}


def test_rows_set_aside_are_named_with_place_and_remedy():
    text = page("index.html").text
    assert "1 entry set aside" in text
    assert "doses:4 end" in text
    assert "Correct it." in text


def test_many_problems_are_left_to_the_file():
    many = [build.Problem("doses", i, "end", "x", f"reason {i}", "") for i in range(2, 600)]
    text = dict(render(build.review([invented.normal()], rejected=tuple(many))))["index.html"]
    assert f"reason {PROBLEMS_SHOWN + 1}" in text
    assert f"reason {PROBLEMS_SHOWN + 2}<" not in text
    assert "598 entries set aside" in Page(text).text


def test_a_persons_page_lists_what_was_set_aside_of_them_and_of_nobody_else():
    mine, other = invented.normal(), invented.outside()
    aside = build.Problem("doses", 4, "end", invented.HOSTILE, "ends first", "Mend it.", mine.id)
    noted = build.Problem("plans", 9, "reason", "died", "doses are later", "Correct it.", mine.id)
    nobodys = build.Problem("mri", 5, "", "", "no such person", "Add the person.")
    made = render(build.review([mine, other], rejected=(aside, nobodys), notes=(noted,)))
    pages = {name: Page(text).text for name, text in made if name.startswith("people/")}
    files = page_names([mine.id, other.id])
    found = pages[f"people/{files[mine.id]}"]
    assert "1 entry of this person was set aside and not used: see the record ." in found
    assert "plans:9: doses are later" in found
    assert "doses:4 end" in found
    assert "plans:9 reason died doses are later Correct it." in found
    assert "no such person" not in found
    assert "of this person" not in pages[f"people/{files[other.id]}"]
    many = dict(render(build.review([mine], notes=(noted,) * (NOTES_SHOWN + 1))))
    text = Page(many[f"people/{page_names([mine.id])[mine.id]}"]).text
    assert "3 entries of this person are used or kept with a note: see the record ." in text


def test_where_nothing_was_computed_the_page_says_why():
    text = person_page(invented.outside()).text
    assert "No level was computed: the model holds for adults" in text
    assert "not used: no forecast" in text
    assert "No dose is recorded." in person_page(invented.never()).text


def test_headlines_are_plain_words():
    normal = person_page(invented.normal()).text
    assert "The drug is present and acting: about 18 µg/mL today." in normal
    assert "the next is planned for 2024-07-02 (in 2 days)" in normal
    assert "Hardly any of the drug is left" in person_page(invented.antibodies()).text
    assert (
        "therapy was stopped on 2023-09-25 (JCV positive)" in person_page(invented.stopped()).text
    )
    assert "estimated from weight and doses alone" in person_page(invented.prior_only()).text
    assert "is 19 days late" in person_page(invented.hundred()).text
    assert "presumed stopped" in person_page(invented.pregnant()).text


def test_the_forecast_table_has_every_day_and_chance():
    text = person_page(invented.normal()).text
    for day in build.HORIZON:
        assert f" {day} " in text
    assert "P(≥ 10)" in text
    assert "51 to later" in text


def test_levels_and_their_fate_are_listed():
    text = person_page(invented.injections()).text
    assert "not used: not a trough" in text
    assert "drawn 60 minutes after the start of the dose" in text


def test_the_record_keeps_unknown_columns_and_lines():
    found = person_page(invented.hostile())
    assert "<th>" in found.words
    assert "<td onclick=x>" in found.words
    assert {"doses-2", "measurements-2", "relapses-2"} <= set(found.ids)


def test_missing_tables_are_told_from_empty_ones():
    text = person_page(invented.outside()).text
    assert "reactions : not in the export" in text
    assert "mri : no row for this person" in text


def test_equal_reviews_give_equal_bytes():
    again = dict(render(build.review(invented.everybody(), rejected=PROBLEMS, notes=PROBLEMS)))
    assert again == written()


def test_an_empty_review_still_has_an_index():
    text = dict(render(build.review([])))["index.html"]
    assert "0 people" in Page(text).text


def test_footers_name_versions_and_no_clock():
    text = page("index.html").text
    assert "OpenNTZ 0.1.0 · as of 2024-06-30 · profile eu (EU label)" in text
    assert "seed 1" in text


def test_parameters_are_told_against_a_typical_person_matches_closed_form():
    text = person_page(invented.normal()).text
    # exp(0.15) and exp(-0.1)
    assert "Clearance CL, against a typical person × 1.16 eta +0.15" in text
    assert "Central volume Vc, against a typical person × 0.90 eta -0.10" in text


def test_nobody_with_persistent_antibodies_is_told_that_the_drug_acts():
    person = invented.normal("N100")
    act = build.finding("N100", "antibody.persistent", Status.ACT, "Persistent.")
    with_antibodies = build.reviewed(person.course, person.forecast, [act])
    sentence = drug_sentence(with_antibodies, build.GUIDES)
    assert sentence.startswith("The drug is present, but persistent antibodies may weaken it")
    assert "and acting" in drug_sentence(person, build.GUIDES)


def test_much_that_is_not_known_is_counted_and_does_not_drown_the_rest():
    course = invented.normal("N100").course
    unknown = [build.finding("N100", rule, Status.UNKNOWN, "?") for rule in RULE_IDS]
    person = build.reviewed(course, invented.normal().forecast, unknown)
    text = Page(dict(render(build.review([person])))["index.html"]).text
    assert f"and {25 - UNKNOWN_SHOWN} more" in text


def test_a_table_that_could_not_be_read_is_said_before_the_worklist():
    broken = build.Problem("mri", 0, "", "", "this is not text.", "Export it as CSV in UTF-8.")
    made = dict(
        render(
            build.review(
                [invented.outside()],
                rejected=(broken,),
                tables=(
                    build.TableCount("mri", "could not be read"),
                    build.TableCount("edss", "not in the export"),
                ),
            )
        )
    )
    text = Page(made["index.html"]).text
    said = "mri could not be read: this is not text. Export it as CSV in UTF-8."
    assert text.index(said) < text.index("Most urgent")
    assert "mri there, but could not be read" in text
    assert "edss not in the export" in text
    assert "could not be read:" not in Page(written()["index.html"]).text


def test_what_saturation_reads_without_drug_comes_from_the_cards():
    e0 = 100 * load_saturation("saturation_biib107").e0
    text = person_page(invented.stopped()).text
    assert f"Without any drug one card still reads {e0:.3g} %" in text
    # Half of the draws read e0 and half nothing, so the pooled median lies between.
    assert f" about {e0 / 2:.0f} to {e0:.0f} % means no drug" in text
    assert no_drug(()) is None
    assert no_drug(("saturation_natalizumab", "not a card")) is None
    assert "Without any drug" not in person_page(invented.outside()).text


def test_the_index_is_written_after_every_page_it_points_at():
    names = [name for name, _ in render(build.review(invented.everybody()))]
    assert names[-1] == "index.html"
    assert names.count("index.html") == 1


def test_the_index_tells_how_the_files_write_each_status():
    rows = page("index.html").text.split("how findings.json and the terminal write them")[1]
    for status in Status:
        assert f"{STATUS_WORDS[status]} {status} {STATUS_MEANING[status]}" in rows


def test_one_of_a_kind_is_not_written_in_the_plural():
    problem = build.Problem("doses", 4, "end", "x", "wrong", "")
    made = render(build.review([invented.outside()], notes=(problem,)))
    text = Page(dict(made)["index.html"]).text
    assert "1 person ·" in text
    assert "1 note on how entries were read" in text
    for wrong in ("1 people", "1 notes", "1 findings", "1 entries"):
        assert not re.search(rf"\b{wrong}\b", text)
    assert "woman, 17 years" in text


def test_without_the_table_of_doses_nobody_is_said_to_have_had_none():
    course = build.Maker("N400").course(recorded=("people",))
    person = build.reviewed(course, invented.never().forecast)
    made = dict(render(build.review([person])))
    assert "doses not known" in Page(made["index.html"]).text
    assert "Doses are not known." in Page(made["people/N400.html"]).text
    assert "because it could not be used" in page("index.html").text
