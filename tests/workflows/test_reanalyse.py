"""`openntz reanalyse`: protocol, report, aggregates only, demos."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from openntz.errors import InputError
from openntz.evidence.registry import Registry, registry
from openntz.reanalyse.statistics import proportion
from openntz.workflows import demo_affirm
from openntz.workflows.demo import DEMOS, run_demo
from openntz.workflows.demo_published import published
from openntz.workflows.protocol import read_protocol, with_numbers
from openntz.workflows.reanalyse import Reanalysis, ReanalysisRequest, run_reanalysis
from openntz.workflows.scenario import read_scenario
from tests.workflows.quiet import QUIET

SEED = 20261122
AS_OF = date(2021, 6, 1)

PROTOCOL = """
title = "Troughs, as planned"
who = "A. Author"
written = 2021-01-04
as_of = 2021-06-01
analyses = ["troughs", "wearing-off"]
[numbers."target.trough-10"]
value = 12
reason = "The lab's own cut."
"""


def _clinic(folder: Path, people: int = 12) -> Path:
    folder.mkdir()
    (folder / "people.csv").write_text(
        "person,birth_date,sex,arm\n"
        + "".join(f"SECRET{i},1985-01-02,F,<b>arm</b>\n" for i in range(people)),
        encoding="utf-8",
    )
    doses = [f"SECRET{i},2021-0{m}-04,300,IV" for i in range(people) for m in (1, 2, 3)]
    (folder / "doses.csv").write_text(
        "person,start,dose_mg,route\n" + "\n".join(doses) + "\n", encoding="utf-8"
    )
    levels = [
        f"SECRET{i},2021-0{m}-03,natalizumab,{11 + 4 * (i % 2)},ug/mL"
        for i in range(people)
        for m in (2, 3)
    ]
    (folder / "measurements.csv").write_text(
        "person,taken,test,value,unit\n" + "\n".join(levels) + "\n", encoding="utf-8"
    )
    return folder


def _request(tmp_path: Path, **more: Any) -> ReanalysisRequest:
    folder = tmp_path / "data"
    if not folder.exists():
        _clinic(folder)
    return ReanalysisRequest(
        folder=folder, out=tmp_path / "out", as_of=AS_OF, names=("troughs",), **more
    )


def _results(found: Reanalysis) -> dict[str, Any]:
    return json.loads((found.page.parent / "results.json").read_text(encoding="utf-8"))


def _protocol(tmp_path: Path, text: str = PROTOCOL) -> Path:
    path = tmp_path / "protocol.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_protocol_is_kept_with_its_hash_and_its_numbers_are_used(tmp_path: Path) -> None:
    path = _protocol(tmp_path)
    planned = read_protocol(path)
    assert planned.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    found = run_reanalysis(replace(_request(tmp_path, protocol=planned), names=()), QUIET)
    told = _results(found)
    assert told["openntz"]["protocol"]["digest"] == planned.digest
    row = next(r for r in told["troughs"]["summary"] if r["group"].startswith("people"))
    # Levels are 11 and 15: half reach the planned 12, all would reach 10.
    assert row["measure"] == "at least 12 ug/mL"
    assert (row["count"], row["n"]) == (6, 12)
    text = found.page.read_text(encoding="utf-8")
    assert planned.digest in text
    assert "The lab&#39;s own cut." in text


def test_every_deviation_is_listed(tmp_path: Path) -> None:
    planned = read_protocol(_protocol(tmp_path))
    request = replace(
        _request(tmp_path, protocol=planned), names=("troughs", "reactions"),
        as_of=date(2021, 5, 1),
    )  # fmt: skip
    found = run_reanalysis(request, QUIET)
    told = " ".join(found.deviations)
    assert "reactions: asked for, and not in the protocol" in told
    assert "wearing-off: in the protocol, and not asked for" in told
    assert "2021-05-01 instead of 2021-06-01" in told
    found = run_reanalysis(replace(_request(tmp_path, protocol=planned), names=()), QUIET)
    assert found.deviations == tuple(d for d in found.deviations if "not made" in d)
    assert len(found.deviations) == 1
    assert _results(found)["openntz"]["protocol"]["deviations"] == list(found.deviations)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"troughs", ', '"trough", ', "no analysis 'trough'"),
        ("value = 12", 'value = "12"', "another kind of value"),
        ("value = 12", "value = -1", "cannot be"),
        ("target.trough-10", "target.trough-ten", "no fact"),
        ('reason = "The lab\'s own cut."', "", "reason"),
        ("title =", "tittle =", "title"),
        ("as_of = 2021-06-01", "as_of = ", "not TOML"),
    ],
)
def test_a_protocol_that_cannot_be_used_says_where(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = _protocol(tmp_path, PROTOCOL.replace(before, after))
    with pytest.raises(InputError, match=said) as error:
        with_numbers(registry(), read_protocol(path))
    assert str(path) in error.value.where
    assert error.value.remedy


def test_the_report_has_table_1_flow_and_people_set_aside(tmp_path: Path) -> None:
    found = run_reanalysis(_request(tmp_path), QUIET)
    told = _results(found)
    first = {r["measure"]: r for r in told["table-1"]["summary"] if r["group"] == "all"}
    assert first["people"]["count"] == 12
    assert first["female"]["count"] == 12
    assert first["age at entry, years"]["value"] == 36.0
    assert first["disease duration at entry missing"]["count"] == 12
    assert told["troughs"]["flow"][0] == {"step": "people in the data", "people": 12, "left": {}}
    assert told["troughs"]["people_set_aside"] == []
    assert (found.page.parent / "set-aside.csv").exists()


def test_outside_text_is_escaped_and_the_pdf_has_the_same_bytes_again(tmp_path: Path) -> None:
    found = run_reanalysis(_request(tmp_path), QUIET)
    text = found.page.read_text(encoding="utf-8")
    assert "<b>arm</b>" not in text
    assert "&lt;b&gt;arm&lt;/b&gt;" in text
    first = (found.page.parent / "report.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    again = run_reanalysis(_request(tmp_path), QUIET)
    assert (again.page.parent / "report.pdf").read_bytes() == first
    assert again.page.read_text(encoding="utf-8") == text


def test_typst_markup_in_the_data_is_text(tmp_path: Path) -> None:
    folder = _clinic(tmp_path / "data")
    people = folder / "people.csv"
    evil = '#read(""/etc/passwd"") $x$ ] #panic()'
    people.write_text(
        people.read_text(encoding="utf-8").replace("<b>arm</b>", f'"{evil}"'), encoding="utf-8"
    )
    found = run_reanalysis(_request(tmp_path), QUIET)
    assert (found.page.parent / "report.pdf").stat().st_size > 5000


def test_aggregates_only_write_no_person(tmp_path: Path) -> None:
    run_reanalysis(_request(tmp_path), QUIET)
    found = run_reanalysis(_request(tmp_path, aggregate_only=True), QUIET)
    out = found.page.parent
    assert {p.name for p in out.iterdir()} == {"index.html", "results.json", "report.pdf"}
    for name in ("index.html", "results.json"):
        assert "SECRET" not in (out / name).read_text(encoding="utf-8")
    assert "Before this leaves the room" in found.page.read_text(encoding="utf-8")
    # One hash over all: the hash of a small file confirms a guess, its name may tell a name.
    told = _results(found)
    hashes = sorted(hashlib.sha256(f.read_bytes()).hexdigest() for f in tmp_path.glob("data/*"))
    assert list(told["openntz"]["data"].values()) == [
        hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    ]
    for text in (*hashes, "measurements.csv"):
        assert text not in found.page.read_text(encoding="utf-8")
    rows = told["table-1"]["summary"]
    assert next(r for r in rows if r["measure"] == "people")["count"] == 12


def _planted(name: str) -> list[tuple[str, str, str, int | None, float]]:
    """Analysis, measure, group, week, and the rate the demo planted."""

    def rate(fact: str) -> float:
        found = registry().fact(fact)
        whole = 100 if found.unit == "%" else int(found.unit.removeprefix("of "))
        return found.number / whole

    returned = "active MRI by week (interval-censored)"
    return {
        "observation424": [
            ("reactions", "people with a reaction", term, None, rate(f"reaction.tehran.{term}"))
            for term in ("fatigue", "headache", "cough")
        ],
        "troughs80": [
            ("troughs", "at least 10 ug/mL", "people by their median trough", None, 75 / 80)
        ],
        "wearingoff40": [("wearing-off", "people who reported wearing-off", "all", None, 0.2)],
        "restore": [
            ("stopping", returned, "arm: placebo", 24, 19 / 41),
            ("stopping", returned, "arm: glatiramer acetate", 24, 8 / 15),
            ("stopping", returned, "arm: methylprednisolone", 24, 21 / 52),
            ("stopping", returned, "arm: interferon beta", 24, 1 / 14),
        ],
    }[name]


@pytest.mark.parametrize("name", [name for name in DEMOS if name != "affirm"])
def test_a_demo_holds_its_planted_rates_within_sampling_error(name: str, tmp_path: Path) -> None:
    found = run_demo(name, tmp_path / "out", SEED, QUIET)
    assert not found.rejected
    told = _results(found)
    for analysis, measure, group, week, rate in _planted(name):
        row = next(
            r
            for r in told[analysis]["summary"]
            if r["measure"] == measure
            and r["group"] == group
            and (week is None or r["week"] == week)
        )
        # 99.9 %: thirteen rates in all, one draw each.
        ends = proportion(row["count"], row["n"], "exact", 0.999)
        assert ends.low is not None
        assert ends.high is not None
        assert ends.low <= rate <= ends.high, row
    assert all(here != "not estimated" and apart != "–" for _, here, _, apart, _ in found.beside)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("observation424", ["46 of 424", "19 of 424", "12 of 424", "0 of 424"]),
        ("troughs80", ["75 of 80"]),
        ("wearingoff40", ["35 of 35", "35 of 40"]),
        ("restore", ["0 of 45", "19 of 41", "1 of 14", "8 of 15", "21 of 52"]),
        ("affirm", ["3.5 %", "9.1 %", "84.1 %", "91.6 %", "90.9 %", "26.7 %", "99.3 %"]),
    ],
)
def test_every_printed_number_of_a_study_stands_beside_ours(name: str, printed: list[str]) -> None:
    told = " | ".join(p.shown for p in published(name, registry()))
    assert all(number in told for number in printed), told


def test_the_affirm_demo_simulates_the_trial_and_keeps_to_its_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(demo_affirm.scenario(SEED, registry()), encoding="utf-8")
    asked = read_scenario(path)
    assert [(a.name, a.people) for a in asked.arm] == [("natalizumab", 627), ("placebo", 315)]
    assert (asked.days, asked.seed) == (728, SEED)

    def fewer(seed: int, evidence: Registry) -> str:
        text = "\n".join(path.read_text(encoding="utf-8").splitlines())
        return text.replace("people = 627", "people = 30").replace("people = 315", "people = 15")

    monkeypatch.setattr(demo_affirm, "scenario", fewer)
    found = run_demo("affirm", tmp_path / "out", SEED, QUIET)
    assert not found.rejected
    assert found.deviations == ()
    told = _results(found)
    planned = (tmp_path / "out" / "simulated" / "protocol.toml").read_bytes()
    assert told["openntz"]["protocol"]["digest"] == hashlib.sha256(planned).hexdigest()
    rates = {r["group"]: r["n"] for r in told["activity"]["summary"]
             if r["measure"].startswith("relapses a person-year (")}  # fmt: skip
    assert rates == {"all": 45, "natalizumab": 30, "placebo": 15}


def test_an_aggregate_only_demo_leaves_no_row_of_a_person(tmp_path: Path) -> None:
    found = run_demo("restore", tmp_path / "out", SEED, QUIET, aggregate_only=True)
    files = {str(p.relative_to(found.page.parent)) for p in found.page.parent.rglob("*")}
    assert files == {"index.html", "results.json", "report.pdf"}
    for name in ("index.html", "results.json"):
        assert "RES-" not in (found.page.parent / name).read_text(encoding="utf-8")


def test_an_unknown_demo_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no demo 'affirmed'") as error:
        run_demo("affirmed", tmp_path, SEED, QUIET)
    assert "restore" in error.value.remedy


def test_cost_comes_from_the_protocol_alone_with_currency_and_source(tmp_path: Path) -> None:
    folder = _clinic(tmp_path / "data")
    (folder / "reactions.csv").write_text(
        "person,onset,term,grade\nSECRET1,2021-01-04,rash,1\n", encoding="utf-8"
    )
    text = PROTOCOL.replace('["troughs", "wearing-off"]', '["reactions"]')
    cost = '[cost]\nper_hour = 40.0\ncurrency = "EUR"\nsource = "Ward 3, 2021."\n'
    for protocol, told in ((text, 0), (text + cost, 4)):
        request = replace(
            _request(tmp_path, protocol=read_protocol(_protocol(tmp_path, protocol))), names=()
        )
        found = _results(run_reanalysis(request, QUIET))["reactions"]
        rows = {
            r["measure"]: r for r in found["summary"] if r["group"] == "waived after 0 clean doses"
        }
        saved = [r for r in found["summary"] if r["measure"] == "cost of observation saved, EUR"]
        assert len(saved) == told
    # All 36 doses without an hour of observation each.
    assert rows["hours of observation saved"]["value"] == 36
    assert rows["cost of observation saved, EUR"]["value"] == 36 * 40
    assert found["definitions"]["cost"] == "40 EUR per h of observation; Ward 3, 2021."


@pytest.mark.parametrize(
    "line", ["per_hour = 0.0", 'currency = "euro"', 'source = ""', 'unit = "h"']
)
def test_a_cost_without_price_currency_or_source_is_refused(tmp_path: Path, line: str) -> None:
    cost = {"per_hour": "40.0", "currency": '"EUR"', "source": '"Ward 3."'}
    key, _, value = line.partition(" = ")
    text = "".join(f"{k} = {v}\n" for k, v in {**cost, key: value}.items())
    with pytest.raises(InputError, match="cost"):
        read_protocol(_protocol(tmp_path, f"{PROTOCOL}[cost]\n{text}"))
