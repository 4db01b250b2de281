"""A long message: whole, but on a telephone in two parts where nothing is to be done."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.monitor.finding import Status
from openntz.report.pages import render
from openntz.report.words import sentences
from tests.report import build, invented

LONG = " ".join(f"Sentence {i} says p = 0.05 (see No. 3. Or not) of it." for i in range(30))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two, at 1.5 mg. Three", ("One.", "Two, at 1.5 mg.", "Three")),
        ("Kept (EU text. Unverified). Then", ("Kept (EU text. Unverified).", "Then")),
        ("On 2024-06-30. 67 doses.", ("On 2024-06-30. 67 doses.",)),
        ("", ("",)),
    ],
)
def test_sentences_end_at_full_stops_only(text, parts):
    assert sentences(text) == parts


@given(st.text(alphabet="aB.( )1;\u00b5", max_size=60))
def test_sentences_hold_every_letter(text):
    assert " ".join(sentences(text)) == text


def page_of(message: str, status: Status = Status.WATCH) -> str:
    person = invented.normal()
    found = build.finding(person.id, "interval.candidate", status, message)
    kept = [f for f in person.findings if f.rule != found.rule]
    made = dict(render(build.review([replace(person, findings=(*kept, found))])))
    return next(text for name, text in made.items() if name.startswith("people/"))


def shown(html: str) -> str:
    """The message of the long finding as it stands before the finding is opened."""
    (summary,) = re.findall(r'<span class="message">(Sentence 0.*?)</span></summary>', html)
    return summary


def css_of(query: str) -> str:
    """What the style sheet says within one media query."""
    css = (resources.files("openntz.report") / "static" / "openntz.css").read_text("utf-8")
    _, _, after = css.partition(f"@media {query} {{\n")
    return after.partition("\n}\n")[0]


PARTED = [s for s in Status if s not in {Status.ACT, Status.DUE}]


@pytest.mark.parametrize("status", [Status.ACT, Status.DUE])
def test_what_is_to_be_done_is_never_parted(status):
    html = page_of(LONG, status)
    assert shown(html) == f"{LONG}</span>"
    assert 'class="rest"' not in html
    assert 'class="whole"' not in html


@pytest.mark.parametrize("status", PARTED)
def test_a_long_message_is_a_first_sentence_and_the_rest(status):
    html = page_of(LONG, status)
    first, rest = (
        "Sentence 0 says p = 0.05 (see No. 3. Or not) of it.",
        LONG.partition(" of it.")[2],
    )
    assert shown(html) == f'{first}<span class="whole">{rest}</span></span>'
    (inside,) = re.findall(r'<ul class="rest">(.*?)</ul>', html, re.DOTALL)
    assert re.findall(r"Sentence (\d+) ", inside) == [str(i) for i in range(1, 30)]


def test_the_rest_of_a_long_message_is_escaped():
    html = page_of(f"{LONG} <script>alert(1)</script> & more.")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more.</span>" in shown(html)


def test_a_short_message_stands_whole():
    html = page_of("Sentence 0. Sentence 1.")
    assert '<span class="message">Sentence 0. Sentence 1.</span>' in html
    assert 'class="rest"' not in html
    assert 'class="whole"' not in html


def test_the_rest_is_hidden_on_a_telephone_only():
    """Either inside or outside, and outside on paper, which is as narrow as a telephone."""
    telephone, paper = css_of("(max-width: 720px)"), css_of("print")
    assert ".finding .whole { display: none; }" in telephone
    assert ".basis .rest { display: block; }" in telephone
    assert ".finding .whole { display: inline; }" in paper
    assert ".basis .rest { display: none; }" in paper
    css = (resources.files("openntz.report") / "static" / "openntz.css").read_text("utf-8")
    assert css.index("@media (max-width: 720px)") < css.index("@media print")
    always = css[: css.index("@media")]
    assert ".basis .rest { display: none; }" in always
    assert ".whole" not in always
