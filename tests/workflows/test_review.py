"""The main job end to end, against contracts: files, columns, one finding per person and rule."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeVar

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from openntz.course.vocabulary import ALL_LOST_RESULTS
from openntz.errors import InputError
from openntz.evidence.registry import registry
from openntz.monitor.rules.catalogue import RULES
from openntz.workflows.review import ReviewOutcome, ReviewRequest, run_review
from tests.contract import RULE_IDS

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
MESSY = Path(__file__).parents[1] / "data" / "clinic-messy"
AS_OF = date(2024, 6, 30)
CONTRACT_KEYS = {"person", "rule", "status", "due", "message", "evidence", "profile", "sources"}
Item = TypeVar("Item")


class Silent:
    def say(self, text: str) -> None:
        del text

    def bytes_read(self, done: int, total: int) -> None:
        del done, total

    def track(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        del total, what
        yield from items


def review(folder: Path, out: Path, **changes: object) -> ReviewOutcome:
    request = ReviewRequest(
        folder=folder,
        out=out,
        as_of=AS_OF,
        profile="eu",
        site=None,
        mapping=None,
        seed=5,
        workers=2,
    )
    return run_review(replace(request, **changes), Silent())  # type: ignore[arg-type]


def small_clinic(folder: Path, people: set[str]) -> Path:
    """The example clinic with a few of its people, so that a run is short."""
    folder.mkdir()
    for table in CLINIC.glob("*.csv"):
        lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [lines[0], *(row for row in lines[1:] if row.split(",")[0] in people)]
        (folder / table.name).write_text("".join(kept), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> ReviewOutcome:
    return review(CLINIC, tmp_path_factory.mktemp("review") / "out")


@pytest.fixture(scope="module")
def out(done: ReviewOutcome) -> Path:
    return done.index.parent


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_catalogue_matches_contract() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert tuple(rule for rule in ids if rule in RULE_IDS) == RULE_IDS


def test_findings_json_matches_contract(out: Path) -> None:
    findings = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    people = [row["person"] for row in rows(CLINIC / "people.csv")]
    assert [(f["person"], f["rule"]) for f in findings] == [
        (p, rule.id) for p in people for rule in RULES
    ]
    known = registry()
    for f in findings:
        assert {
            "person",
            "rule",
            "status",
            "due",
            "message",
            "evidence",
            "profile",
            "sources",
        } <= set(f)
        assert f["status"] in {"act", "due", "watch", "unknown", "ok"}
        assert f["message"]
        assert f["sources"]
        assert set(f["sources"]) <= set(known.sources)
        assert f["due"] is None or date.fromisoformat(f["due"])
        for place in f["evidence"]:
            table, _, line = place.partition(":")
            lines = (CLINIC / f"{table}.csv").read_text(encoding="utf-8").splitlines()
            assert lines[int(line) - 1].split(",")[0] == f["person"]


def test_forecast_csv_matches_contract(out: Path) -> None:
    table = rows(out / "forecast.csv")
    people = [row["person"] for row in rows(CLINIC / "people.csv")]
    days = ["28", "35", "42", "49", "56", "70"]
    quantities = ["concentration_ug_per_ml", "saturation_fraction"]
    assert [(r["person"], r["quantity"], r["day_after_last_dose"]) for r in table] == [
        (p, q, d) for p in people for q in quantities for d in days
    ]
    for r in table:
        if r["status"].startswith("outside domain"):
            assert (r["median"], r["p05"], r["p95"]) == ("", "", "")
        else:
            assert 0 <= float(r["p05"]) <= float(r["median"]) <= float(r["p95"])
    assert {r["person"] for r in table if r["status"].startswith("outside domain")} == {"P09"}


def test_example_clinic_is_read_without_a_rejected_row(done: ReviewOutcome, out: Path) -> None:
    assert done.review.rejected == ()
    assert (out / "rejected.csv").read_text(encoding="utf-8") == (
        "table,line,column,value,reason,remedy\n"
    )


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [v for k, v in attrs if k in {"href", "src"} and v and tag != "a"]
        self.found += [v for k, v in attrs if k == "href" and v and tag == "a"]


def test_pages_form_a_closed_folder(out: Path) -> None:
    pages = [out / "index.html", *sorted((out / "people").glob("*.html"))]
    assert len(pages) == 63
    for page in pages:
        links = Links()
        links.feed(page.read_text(encoding="utf-8"))
        for link in links.found:
            target = link.partition("#")[0]
            if target and not target.startswith(("https://", "http://")):
                assert (page.parent / target).is_file(), f"{page.name}: {link}"


def test_workers_and_other_people_change_no_byte(tmp_path: Path, out: Path) -> None:
    few = small_clinic(tmp_path / "few", {"N037", "P19", "P09", "P13"})
    one = review(few, tmp_path / "one", workers=1).index.parent
    three = review(few, tmp_path / "three", workers=3).index.parent
    names = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(three) for p in three.rglob("*") if p.is_file())
    for name in names:
        assert (one / name).read_bytes() == (three / name).read_bytes(), name
    whole = [r for r in rows(out / "forecast.csv") if r["person"] in {"N037", "P19"}]
    alone = [r for r in rows(one / "forecast.csv") if r["person"] in {"N037", "P19"}]
    assert whole == alone


def test_missing_tables_are_unknown_and_never_ok(tmp_path: Path) -> None:
    few = small_clinic(tmp_path / "few", {"N037", "P13"})
    for table in ("mri", "measurements", "reactions", "edss", "relapses", "treatments"):
        (few / f"{table}.csv").unlink()
    written = review(few, tmp_path / "out").index.parent / "findings.json"
    status = {(f["person"], f["rule"]): f["status"] for f in json.loads(written.read_text())}
    for rule in (
        "combination.contraindicated",
        "hypersensitivity.contraindicated",
        "antibody.no-lymphocyte-rise",
        "antibody.confirm",
        "antibody.persistent",
        "level.implausible",
        "pml.stratum",
        "pml.mri-due",
        "pml.jcv-due",
        "liver.injury",
        "platelets.low",
        "laboratory.due",
        "review.due",
    ):
        assert {status["N037", rule], status["P13", rule]} == {"unknown"}, rule


def test_messy_clinic_is_finished_with_every_problem_named(tmp_path: Path) -> None:
    done = review(MESSY, tmp_path / "out")
    assert done.review.rejected
    table = rows(tmp_path / "out" / "rejected.csv")
    assert len(table) == len(done.review.rejected)
    assert all(r["table"] and r["reason"] and r["remedy"] for r in table)
    text = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").rglob("*.html"))
    assert "<script>alert" not in text


def test_pages_of_people_who_left_the_export_are_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    review(small_clinic(tmp_path / "two", {"N037", "P13"}), out)
    (out / "people" / "notes.html").write_text("somebody's own file", encoding="utf-8")
    review(small_clinic(tmp_path / "one", {"N037"}), out)
    assert sorted(p.name for p in (out / "people").iterdir()) == ["N037.html", "notes.html"]


def test_output_inside_the_tables_is_refused(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"N037"})
    with pytest.raises(InputError, match="folder of the tables"):
        review(folder, folder / "out")


def test_output_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"N037"})
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be used"):
        review(folder, tmp_path / "file" / "out")


def test_site_file_changes_a_threshold_and_says_so(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P06"})
    site = tmp_path / "site.toml"
    site.write_text(
        '[override."late-dose.act-after"]\nvalue = 5\nwho = "Dr A. Example"\nwhen = 2024-05-01\n'
    )
    before = review(folder, tmp_path / "a").review.people[0].findings
    after = review(folder, tmp_path / "b", site=site)
    late = next(f for f in before if f.rule == "interval.late-dose")
    later = next(f for f in after.review.people[0].findings if f.rule == "interval.late-dose")
    assert (late.status, later.status) == ("due", "act")
    page = (tmp_path / "b" / "people" / "P06.html").read_text(encoding="utf-8")
    assert "Dr A. Example" in page


def test_profiles_speak_for_themselves(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P03"})
    said = {}
    for profile in ("eu", "us", "study"):
        found = review(folder, tmp_path / profile, profile=profile).review.people[0].findings
        said[profile] = next(f for f in found if f.rule == "observation.post-infusion")
    assert (said["eu"].status, said["us"].status, said["study"].status) == ("due", "due", "watch")
    assert any(name == "study" for name, _, _ in said["eu"].others)


def test_killed_run_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import openntz.workflows.review as job

    folder = small_clinic(tmp_path / "few", {"N037", "P13"})
    out = tmp_path / "out"
    review(folder, out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def killed(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "write_text_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        review(folder, out, seed=9)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    shutil.rmtree(out)


@pytest.mark.parametrize(
    ("table", "row", "rule", "before"),
    [
        (
            "reactions",
            "P03,2024-13-40,hypersensitivity,4,\n",
            "hypersensitivity.contraindicated",
            "ok",
        ),
        ("treatments", "P03,fingolimod,dmt,soon,\n", "combination.contraindicated", "ok"),
        ("mri", "P13,2024-02-30,3,1,0,\n", "interval.candidate", "watch"),
    ],
)
def test_a_row_set_aside_takes_back_what_rests_on_its_absence(
    table: str, row: str, rule: str, before: str, tmp_path: Path
) -> None:
    person = row.partition(",")[0]
    folder = small_clinic(tmp_path / "few", {person, "N037"})

    def status(out: Path, who: str) -> str:
        review(folder, out)
        findings = json.loads((out / "findings.json").read_text(encoding="utf-8"))
        return next(f["status"] for f in findings if (f["person"], f["rule"]) == (who, rule))

    assert status(tmp_path / "a", person) == before
    others = status(tmp_path / "a", "N037")
    with (folder / f"{table}.csv").open("a", encoding="utf-8") as stream:
        stream.write(row)
    assert status(tmp_path / "b", person) == "unknown"
    assert status(tmp_path / "b", "N037") == others


def test_absurd_level_reaches_the_rule_and_is_not_fitted(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P13"})
    row = "P13,2024-05-13T09:40,natalizumab,900,ug/mL,2,,bridging ELISA,central\n"
    with (folder / "measurements.csv").open("a", encoding="utf-8") as stream:
        stream.write(row)
    done = review(folder, tmp_path / "out").review.people[0]
    assert done.forecast.levels[-1].use == "impossible"
    said = next(f for f in done.findings if f.rule == "level.implausible")
    assert (said.status, "900" in said.message) == ("due", True)


def test_a_dose_set_aside_is_said_beside_the_forecast(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P13"})
    text = (folder / "doses.csv").read_text(encoding="utf-8")
    last = text.rstrip("\n").rpartition("\n")[2]
    (folder / "doses.csv").write_text(text.replace(last, last.replace(",300,", ",3000,")), "utf-8")
    done = review(folder, tmp_path / "out").review.people[0]
    assert any("doses were set aside or lost" in note for note in done.forecast.notes)
    assert {f.status for f in done.findings if f.rule in {"level.low", "interval.late-dose"}} <= {
        "unknown",
        "watch",
        "due",
        "act",
    }


@pytest.mark.parametrize("rows_kept", [0, None], ids=["before the first row", "after the last"])
def test_a_table_that_breaks_off_is_unknown_and_never_ok(
    tmp_path: Path, rows_kept: int | None
) -> None:
    folder = small_clinic(tmp_path / "few", {"N037", "P13"})
    broken = ("mri", "reactions", "treatments", "measurements")
    for table in broken:
        path = folder / f"{table}.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = lines[: None if rows_kept is None else rows_kept + 1]
        path.write_text("".join(kept) + "N037,20", encoding="utf-8")
    done = review(folder, tmp_path / "out").review
    assert {t.name: t.state for t in done.tables if t.state != "read"} == dict.fromkeys(
        broken, "read only in part"
    )
    silent = [rule for rule in RULES if {*broken, *ALL_LOST_RESULTS} & set(rule.silence)]
    assert len(silent) > 10
    for person in done.people:
        status = {f.rule: f.status for f in person.findings}
        for rule in silent:
            assert status[rule.id] not in rule.reassuring, (person.id, rule.id)
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert index.count("read only in part:</b>") == len(broken)


def test_a_parquet_folder_matches_the_csv_folder(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "parquet"
    folder.mkdir()
    for file in CLINIC.glob("*.csv"):
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
        table = pyarrow.csv.read_csv(file, convert_options=options)
        pq.write_table(table, folder / f"{file.stem}.parquet")
    written = review(folder, tmp_path / "out").index.parent
    # Row n of a Parquet file counts as line n + 1, so even the rows cited are the same.
    for name in ("findings.json", "forecast.csv"):
        assert (written / name).read_bytes() == (out / name).read_bytes(), name
