"""A registry read some people at a time gives the bytes that are made of it in one piece."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from benchmarks import registry as benchmark

from openntz.reanalyse.catalogue import ANALYSES
from openntz.records import chunks
from openntz.workflows import gathered, reanalyse
from openntz.workflows.reanalyse import Reanalysis, ReanalysisRequest, run_reanalysis
from tests.workflows.quiet import QUIET

AS_OF = date.fromisoformat(benchmark.AS_OF)
PEOPLE, SEED = 60, 5


def _run(base: Path, layout: str, name: str) -> Reanalysis:
    folder = base / layout
    if not folder.exists():
        benchmark.write(folder, layout, PEOPLE, SEED)
    mapping = base / "concepts.toml" if layout == "omop" else None
    request = ReanalysisRequest(folder=folder, out=base / name, as_of=AS_OF, mapping=mapping)
    return run_reanalysis(request, QUIET)


def _told(found: Reanalysis) -> dict[str, Any]:
    return json.loads((found.page.parent / "results.json").read_text(encoding="utf-8"))


def test_results_have_the_bytes_of_one_piece_and_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "PEOPLE_A_CHUNK", 7)
    monkeypatch.setattr(gathered, "_WORTH_SHARING", 0)
    by_chunks = _run(tmp_path, "tables", "chunks")
    monkeypatch.setattr(gathered, "_WORTH_SHARING", PEOPLE + 1)
    monkeypatch.setattr(gathered, "divided", lambda *_: chunks.OnePiece("the test asks for it"))
    whole = _run(tmp_path, "tables", "whole")
    (note,) = whole.notes
    assert note.startswith("Read in one piece (the test asks for it): all ")
    assert by_chunks.notes == ()
    # The note alone tells the two apart.
    monkeypatch.setattr(reanalyse, "_notes", lambda *_, **__: ())
    whole = _run(tmp_path, "tables", "whole")
    for file in ("results.json", "index.html", "set-aside.csv", "rejected.csv", "report.pdf"):
        one, other = (found.page.parent / file for found in (by_chunks, whole))
        assert one.read_bytes() == other.read_bytes(), file
    assert by_chunks.people == whole.people == PEOPLE
    assert {r.status for r in by_chunks.results} == {"done"}


def test_omop_gives_the_results_of_the_tables(tmp_path: Path) -> None:
    """The same people written in two layouts; products and assays are in one of them only."""
    tables, omop = (_told(_run(tmp_path, layout, f"of-{layout}")) for layout in ("tables", "omop"))
    for name in ("lymphocytosis", "reactions", "activity", "extended-interval", "stopping"):
        assert tables[name]["flow"] == omop[name]["flow"]
        assert tables[name]["status"] == omop[name]["status"] == "done"
    assert tables["activity"]["summary"] == omop["activity"]["summary"]


def test_a_missing_domain_skips_its_analyses_and_says_so(tmp_path: Path) -> None:
    benchmark.write(tmp_path / "tables", "tables", PEOPLE, SEED)
    for name in ("measurements", "symptoms", "reactions"):
        (tmp_path / "tables" / f"{name}.parquet").unlink()
    told = _told(_run(tmp_path, "tables", "out"))
    skipped = {a.name for a in ANALYSES if told[a.name]["status"] == "skipped"}
    assert skipped == {
        "lymphocytosis", "immunogenicity", "troughs", "reactions", "wearing-off",
    }  # fmt: skip
    assert told["troughs"]["text"] == "The data have no measurements table."


def test_without_relapses_and_scans_nobody_is_free_of_activity(tmp_path: Path) -> None:
    benchmark.write(tmp_path / "tables", "tables", PEOPLE, SEED)
    for name in ("relapses", "mri"):
        (tmp_path / "tables" / f"{name}.parquet").unlink()
    told = _told(_run(tmp_path, "tables", "out"))
    for name in ("activity", "stopping", "extended-interval"):
        assert told[name]["text"].startswith("The data have no relapses and no mri table; what")
    rows = told["extended-interval"]["summary"]
    assert not [r for r in rows if r["measure"].startswith("rate of first activity")]
    (tmp_path / "tables" / "edss.parquet").unlink()
    told = _told(_run(tmp_path, "tables", "again"))
    for name in ("activity", "stopping"):
        assert told[name]["status"] == "skipped"


def test_two_scores_of_a_day_are_set_aside_and_in_the_flow(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    benchmark.write(folder, "tables", PEOPLE, SEED)
    duckdb.execute(
        f"COPY (SELECT * FROM '{folder}/edss.parquet' UNION ALL BY NAME (SELECT * REPLACE"
        f" (9.5 AS score) FROM '{folder}/edss.parquet' WHERE person <= 3))"
        f" TO '{tmp_path}/edss.parquet' (FORMAT parquet)"
    )
    (tmp_path / "edss.parquet").replace(folder / "edss.parquet")
    found = _run(tmp_path, "tables", "out")
    assert {(p.table, p.person) for p in found.rejected} == {("edss", str(i)) for i in (1, 2, 3)}
    assert all("neither is analysed" in p.reason for p in found.rejected)
    flow = _told(found)["table-1"]["flow"]
    assert flow[1] == {
        "step": "with every row used",
        "people": PEOPLE - 3,
        "left": {"a row of theirs was set aside": 3},
    }


def test_contradictions_are_listed_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    benchmark.write(folder, "tables", PEOPLE, SEED)
    duckdb.execute(
        f"COPY (SELECT * FROM '{folder}/doses.parquet' UNION ALL BY NAME (SELECT * REPLACE"
        f" (150 AS dose_mg) FROM '{folder}/doses.parquet' WHERE person <= 2))"
        f" TO '{tmp_path}/doses.parquet' (FORMAT parquet)"
    )
    (tmp_path / "doses.parquet").replace(folder / "doses.parquet")
    found = _run(tmp_path, "tables", "out")
    with (found.page.parent / "rejected.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(found.rejected) > 20
    assert all("another dose of this person has the same start" in r["reason"] for r in rows)
