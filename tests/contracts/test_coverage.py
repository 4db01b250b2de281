"""Every row of the founding documents has a home that exists, and the page says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from openntz.app.cli import app
from openntz.course.tables import CONTRACT
from openntz.errors import EvidenceError
from openntz.evidence.conflicts import conflicts
from openntz.evidence.coverage import Home, Row, build_coverage, coverage, coverage_page
from openntz.evidence.registry import registry
from openntz.monitor.rules.catalogue import RULES
from openntz.reanalyse.catalogue import BY_NAME

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "sources.md"

# How many statements each founding document makes.
STATEMENTS = {"S0": 88, "S1": 21, "S2": 22, "S3": 11, "S4": 35}
COMMANDS_TO_BE = {"import", "reanalyse", "simulate"}
ROWS = coverage(registry())


def commands() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def missing(home: Home) -> bool:
    known = {
        "rule": {r.id for r in RULES},
        "fact": set(registry().facts),
        "source": set(registry().sources),
        "conflict": set(conflicts()),
        "column": {f"{n}.{c.name}" for n, table in CONTRACT.items() for c in table.columns},
        "command": commands(),
        "analysis": set(BY_NAME),
    }
    if home.kind == "file":
        return not (ROOT / home.name).is_file()
    return home.name not in known[home.kind]


def test_there_is_one_row_for_each_of_the_177_statements() -> None:
    wanted = [f"{doc}-{n:02d}" for doc, count in STATEMENTS.items() for n in range(1, count + 1)]
    assert len(wanted) == 177
    assert [row.id for row in ROWS] == wanted


def test_every_home_exists() -> None:
    faults = [f"{row.id}: {h.kind} {h.name}" for row in ROWS for h in row.home if missing(h)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "kind", ["rule", "fact", "source", "conflict", "column", "command", "analysis"]
)
def test_a_home_that_does_not_exist_is_found(kind: Any) -> None:
    assert missing(Home(kind=kind, name="no.such"))
    assert missing(Home(kind="file", name="docs/no-such.md"))


def test_every_row_of_a_rule_or_definition_has_a_home_now() -> None:
    assert [r.id for r in ROWS if r.type in {"R", "D"} and not r.home] == []


def test_every_rule_of_the_documents_is_in_a_rule_of_the_catalogue() -> None:
    assert [r.id for r in ROWS if r.type == "R" and not any(h.kind == "rule" for h in r.home)] == []


def test_what_is_to_come_names_a_command_and_what() -> None:
    for row in ROWS:
        if row.later:
            command, _, what = row.later.partition(": ")
            assert command in COMMANDS_TO_BE, row.id
            assert what, row.id


def test_a_reason_to_leave_a_row_out_is_a_sentence() -> None:
    for row in ROWS:
        assert not row.out or (len(row.out.split()) >= 5 and row.out.endswith(".")), row.id


def test_page_is_what_the_generator_makes() -> None:
    made = "\n".join(coverage_page(ROWS)) + "\n"
    # After a change of coverage.toml, write `made` to the page.
    assert PAGE.read_text(encoding="utf-8") == made


def test_links_of_the_page_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (PAGE.parent / link).resolve().is_file(), link


def row(**values: Any) -> Row:
    entry = {"type": "R", "says": "Something.", "home": ["fact:pk.half-life"], **values}
    (made,) = build_coverage({"rows": {"S9-01": entry}}, registry())
    return made


def test_a_row_is_read_as_written() -> None:
    made = row(home=["rule:level.low", "file:README.md"], later="simulate: more")
    assert made.home == (Home(kind="rule", name="level.low"), Home(kind="file", name="README.md"))
    assert (made.type, made.says, made.later, made.out) == ("R", "Something.", "simulate: more", "")


@pytest.mark.parametrize(
    "values",
    [
        {"type": "X"},
        {"says": ""},
        {"home": []},
        {"home": ["nowhere"]},
        {"home": ["place:here"]},
        {"home": ["fact:no.such"]},
        {"home": ["source:nobody"]},
        {"because": "of it"},
    ],
)
def test_a_malformed_row_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError, match="S9-01"):
        row(**values)


def test_a_row_left_out_says_why_on_the_page() -> None:
    made = row(home=[], out="It is about another drug altogether.")
    shifted = Row(id="S0-01", type=made.type, says=made.says, out=made.out)
    (line,) = [x for x in coverage_page((shifted,)) if x.startswith("| S0-01")]
    assert line.endswith("| Out of scope: It is about another drug altogether. |")
