"""How long `openntz reanalyse` takes for a registry, and how much memory.

    python benchmarks/registry.py --people 200000 --layout omop
    python benchmarks/registry.py --people 1000 --layout tables --keep /tmp/registry

Writes a synthetic registry as Parquet (OMOP CDM 5.4 tables with their mapping file, or the
course tables), then runs the whole command with every analysis in a process of its own. Last
line: {"people", "measurements", "layout", "seconds", "cpu_seconds", "peak_mb", ...}, the memory
being the most that the command and its workers held together. Nothing is asserted.

The numbers of the synthetic people are made up to fill every analysis; they are no model of
anybody.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

AS_OF = "2020-02-01"
# Test, concept, unit, results a person in two years of a hundred, first day, days between.
TESTS = (
    ("lymphocytes", 200, "10*9/L", 9, -7, 91),
    ("natalizumab", 201, "ug/mL", 4, 83, 168),
    ("anti-natalizumab antibodies", 202, "ng/mL", 4, 84, 140),
    ("weight", 203, "kg", 8, -7, 90),
    ("jcv index", 204, "index", 4, -7, 180),
    ("haemoglobin", 205, "g/L", 17, -7, 60),
    ("neutrophils", 206, "10*9/L", 13, -7, 60),
    ("platelets", 207, "10*9/L", 13, -7, 60),
    ("alt", 208, "U/L", 14, -7, 54),
    ("ast", 209, "U/L", 14, -7, 54),
)
VALUE = """CASE t.test
  WHEN 'lymphocytes' THEN 1.2 + r(i, 10) + 0.3 * r(i * 97 + k, 11)
    + CASE WHEN k > 0 AND NOT persistent THEN 1.1 ELSE 0 END
  WHEN 'natalizumab' THEN CASE WHEN persistent THEN 0.5 ELSE 12 + 40 * r(i, 12) END
    * exp(0.3 * (r(i * 97 + k, 13) - 0.5))
  WHEN 'anti-natalizumab antibodies' THEN
    CASE WHEN persistent OR (transient AND k = 0) THEN 900 + 900 * r(i, 14) ELSE 50 END
  WHEN 'weight' THEN 50 + 40 * r(i, 15) + r(i * 97 + k, 16)
  WHEN 'jcv index' THEN 0.1 + 2.5 * r(i, 17)
  WHEN 'haemoglobin' THEN 120 + 30 * r(i * 97 + k, 18)
  WHEN 'neutrophils' THEN 2 + 4 * r(i * 97 + k, 19)
  WHEN 'platelets' THEN 180 + 150 * r(i * 97 + k, 20)
  ELSE 15 + 30 * r(i * 97 + k, 21) END"""


def made(people: int, seed: int) -> duckdb.DuckDBPyConnection:
    """The people and their events as tables ``p``, ``d``, ``m`` ... of a database."""
    base = duckdb.connect()
    base.execute("SET memory_limit = '3GB'")
    base.execute("SET preserve_insertion_order = true")
    base.execute(f"CREATE MACRO r(a, b) AS (hash(a, b, {seed}) % 1000003) / 1000003.0")
    base.execute(f"""CREATE TABLE p AS SELECT i, DATE '2018-01-01' + CAST(60 * r(i, 1) AS INTEGER)
      AS start, DATE '1960-01-01' + CAST(14000 * r(i, 2) AS INTEGER) AS birth,
      r(i, 3) < 0.7 AS female, r(i, 4) < 0.06 AS persistent, r(i, 5) < 0.04 AS transient,
      CASE WHEN r(i, 6) < 0.15 THEN CAST(6 + 18 * r(i, 7) AS INTEGER) ELSE 26 END AS doses,
      CASE WHEN r(i, 8) < 0.3 THEN 42 ELSE 28 END AS gap
      FROM (SELECT unnest(generate_series(1, {people})) AS i)""")
    # A year every 4 weeks, then some go on every 6 weeks; a few days early or late.
    base.execute("""CREATE VIEW d AS SELECT i, k, start + CAST(least(k, 13) * 28
      + greatest(k - 13, 0) * gap AS INTEGER)
      + CAST(CASE WHEN k > 0 THEN 4 * r(i * 97 + k, 30) ELSE 0 END
      AS INTEGER) AS day FROM (SELECT *, unnest(generate_series(0, doses - 1)) AS k FROM p)""")
    base.execute("""CREATE TABLE t (test VARCHAR, concept INTEGER, unit VARCHAR, n INTEGER,
      first INTEGER, apart INTEGER)""")
    base.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", TESTS)
    base.execute(f"""CREATE VIEW m AS SELECT i, t.test, t.concept, t.unit,
      start + CAST(t.first + k * t.apart AS INTEGER)
      + CAST(CASE WHEN k > 0 THEN 5 * r(i * 97 + k, 31) ELSE 0 END
      AS INTEGER) AS day, round({VALUE}, 2) AS value
      FROM p, (SELECT *, unnest(generate_series(0, n - 1)) AS k FROM t) AS t ORDER BY i, day""")
    _rarer(base)
    return base


def _rarer(base: duckdb.DuckDBPyConnection) -> None:
    base.execute("""CREATE VIEW scan AS SELECT i, start + CAST(20 + k * 180 AS INTEGER)
      + CAST(60 * r(i * 97 + k, 40) AS INTEGER) AS day,
      CAST(r(i * 97 + k, 41) < 0.05 AS INTEGER) AS gd,
      CAST(r(i * 97 + k, 42) < 0.12 AS INTEGER) AS t2 FROM p, range(5) AS s(k)""")
    base.execute("""CREATE VIEW score AS SELECT i, start + CAST(k * 180 - 5 AS INTEGER) AS day,
      1.5 + 0.5 * CAST(6 * r(i, 43) AS INTEGER) + 0.5 * CAST(1.2 * r(i * 97 + k, 44) AS INTEGER)
      AS score FROM p, range(6) AS s(k)""")
    base.execute("""CREATE VIEW relapse AS SELECT i, start + CAST(900 * r(i, 45) AS INTEGER) AS day
      FROM p WHERE r(i, 46) < 0.35""")
    base.execute("""CREATE VIEW reaction AS SELECT i, day FROM d
      WHERE r(i * 97 + k, 47) < CASE WHEN r(i, 48) < 0.1 THEN 0.08 ELSE 0.004 END""")
    base.execute("""CREATE VIEW symptom AS SELECT i, start + 300 AS day FROM p
      WHERE r(i, 49) < 0.3""")
    base.execute("""CREATE VIEW drug AS SELECT i, start + CAST(doses * 28 + 90 AS INTEGER) AS day
      FROM p
      WHERE doses < 26 AND r(i, 50) < 0.7""")


def course_tables() -> dict[str, str]:
    """Queries of the course tables."""
    return {
        "people": "SELECT i AS person, birth AS birth_date, "
        "CASE WHEN female THEN 'F' ELSE 'M' END AS sex, birth + 9000 AS ms_onset FROM p ORDER BY i",
        "doses": "SELECT i AS person, day + INTERVAL 10 HOUR AS start, "
        "day + INTERVAL 11 HOUR AS \"end\", 300 AS dose_mg, 'IV' AS route, "
        "'Tysabri' AS product FROM d ORDER BY i, k",
        "measurements": "SELECT i AS person, day + INTERVAL 9 HOUR AS taken, test, "
        "value, unit, CASE test WHEN 'anti-natalizumab antibodies' THEN '500 ng/mL' END "
        "AS threshold, CASE test WHEN 'anti-natalizumab antibodies' THEN 'ELISA' END AS assay "
        "FROM m",
        "mri": "SELECT i AS person, day AS date, gd AS gadolinium_lesions, t2 AS new_t2_lesions,"
        " 0 AS enlarging_t2_lesions FROM scan ORDER BY i, day",
        "edss": "SELECT i AS person, day AS date, score FROM score ORDER BY i, day",
        "relapses": "SELECT i AS person, day AS onset FROM relapse ORDER BY i",
        "reactions": "SELECT i AS person, day + INTERVAL 11 HOUR AS onset, 'headache' AS term,"
        " 1 AS grade FROM reaction ORDER BY i, day",
        "symptoms": "SELECT i AS person, day AS date, 'wearing-off' AS symptom FROM symptom"
        " ORDER BY i",
        "treatments": "SELECT i AS person, 'fingolimod' AS name, 'dmt' AS kind, day AS start"
        " FROM drug ORDER BY i",
    }


def omop_tables() -> dict[str, str]:
    """Queries of the OMOP tables."""
    return {
        "person": "SELECT i AS person_id, CASE WHEN female THEN 61 ELSE 62 END AS"
        " gender_concept_id, CAST(birth AS TIMESTAMP) AS birth_datetime, year(birth) AS"
        " year_of_birth, month(birth) AS month_of_birth, day(birth) AS day_of_birth FROM p"
        " ORDER BY i",
        "drug_exposure": "SELECT i AS person_id, 100 AS drug_concept_id, 11 AS route_concept_id,"
        " 15.0 AS quantity, day AS drug_exposure_start_date, day + INTERVAL 10 HOUR AS"
        " drug_exposure_start_datetime, day AS drug_exposure_end_date, day + INTERVAL 11 HOUR AS"
        " drug_exposure_end_datetime, 'mL' AS dose_unit_source_value, 'L1' AS lot_number FROM d"
        " UNION ALL SELECT i, 110, 12, 1, day, day, NULL, NULL, NULL, NULL FROM drug",
        "measurement": "SELECT i AS person_id, concept AS measurement_concept_id, day AS"
        " measurement_date, day + INTERVAL 9 HOUR AS measurement_datetime, value AS"
        " value_as_number, unit AS unit_source_value FROM m"
        " UNION ALL SELECT i, 700, day, day, gd, '' FROM scan"
        " UNION ALL SELECT i, 701, day, day, t2, '' FROM scan"
        " UNION ALL SELECT i, 702, day, day, 0, '' FROM scan",
        "observation": "SELECT i AS person_id, 500 AS observation_concept_id, day AS"
        " observation_date, score AS value_as_number FROM score"
        " UNION ALL SELECT i, 620, day, NULL FROM symptom",
        "condition_occurrence": "SELECT i AS person_id, 600 AS condition_concept_id, day AS"
        " condition_start_date, CAST(day AS TIMESTAMP) AS condition_start_datetime FROM relapse"
        " UNION ALL SELECT i, 610, day, day + INTERVAL 11 HOUR FROM reaction",
    }


def concepts() -> str:
    """The mapping file of the planted concept ids."""
    tests = "".join(f'{concept} = "{test}"\n' for test, concept, *_ in TESTS)
    return (
        "natalizumab = [100]\nmg_per_quantity = 20.0\nedss = [500]\nrelapses = [600]\n"
        f'[routes]\n11 = "IV"\n[tests]\n{tests}[sexes]\n61 = "F"\n62 = "M"\n'
        '[scans]\n700 = "gadolinium_lesions"\n701 = "new_t2_lesions"\n'
        '702 = "enlarging_t2_lesions"\n'
        '[reactions]\n610 = "headache"\n[symptoms]\n620 = "wearing-off"\n'
        '[treatments]\n110 = "fingolimod"\n[kinds]\nfingolimod = "dmt"\n'
    )


def write(folder: Path, layout: str, people: int, seed: int) -> int:
    """Write a registry and return its number of measurements."""
    folder.mkdir(parents=True, exist_ok=True)
    base = made(people, seed)
    tables = omop_tables() if layout == "omop" else course_tables()
    for name, query in tables.items():
        base.execute(f"COPY ({query}) TO '{folder / name}.parquet' (FORMAT parquet)")
    if layout == "omop":
        (folder.parent / "concepts.toml").write_text(concepts(), encoding="utf-8")
    found = base.execute("SELECT count(*) FROM m").fetchone()
    base.close()
    return int(found[0]) if found else 0


def _held(group: int) -> float:
    """Megabytes that the processes of a group hold now, shared pages counted by their share."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.getpgid(int(entry.name)) == group:
                lines = (entry / "smaps_rollup").read_text(encoding="ascii").splitlines()
                total += next(int(x.split()[1]) for x in lines if x.startswith("Pss:"))
        except (OSError, StopIteration):
            continue  # it ended meanwhile
    return total / 1024


def timed(folder: Path, out: Path, layout: str) -> dict[str, float]:
    """Seconds, processor seconds and the most memory of the whole command."""
    command = [
        sys.executable, "-m", "openntz", "reanalyse", str(folder), "--out", str(out),
        "--as-of", AS_OF,
    ]  # fmt: skip
    if layout == "omop":
        command += ["--mapping", str(folder.parent / "concepts.toml")]
    began, most = time.perf_counter(), 0.0
    process = subprocess.Popen(command, start_new_session=True)
    while process.poll() is None:
        most = max(most, _held(process.pid))
        time.sleep(0.5)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(most),
        "exit_code": process.returncode,
    }


def main() -> None:
    """Write a registry, time the command, print one line of JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, default=200_000)
    asked.add_argument("--layout", choices=("omop", "tables"), default="omop")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--keep", type=Path, help="a folder for data and report")
    asked.add_argument("--write-only", action="store_true", help="do not run the command")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = given.keep or Path(scratch)
        folder = place / f"{given.layout}-{given.people}"
        began = time.perf_counter()
        count = write(folder, given.layout, given.people, given.seed)
        wrote = round(time.perf_counter() - began, 1)
        told = {} if given.write_only else timed(folder, place / "report", given.layout)
    print(
        json.dumps(
            {
                "people": given.people, "measurements": count, "layout": given.layout,
                "seconds_to_write": wrote, **told,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
