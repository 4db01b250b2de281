"""A message that would fill a telephone: its first sentence outside, the others in a list."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def page_of(message: str) -> str:
    person = invented.normal()
    found = build.finding(person.id, "interval.candidate", Status.WATCH, message)
    kept = [f for f in person.findings if f.rule != found.rule]
    made = dict(render(build.review([replace(person, findings=(*kept, found))])))
    return next(text for name, text in made.items() if name.startswith("people/"))


def test_a_long_message_is_a_first_sentence_and_a_list():
    html = page_of(LONG)
    (summary,) = re.findall(r'<span class="message">(Sentence 0[^<]*)</span>', html)
    assert summary == "Sentence 0 says p = 0.05 (see No. 3. Or not) of it."
    (rest,) = re.findall(r'<ul class="rest">(.*?)</ul>', html, re.DOTALL)
    assert re.findall(r"Sentence (\d+) ", rest) == [str(i) for i in range(1, 30)]


def test_a_short_message_stands_whole():
    html = page_of("Sentence 0. Sentence 1.")
    assert '<span class="message">Sentence 0. Sentence 1.</span>' in html
    assert 'class="rest"' not in html
