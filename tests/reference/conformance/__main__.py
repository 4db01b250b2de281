"""Hold a program to the reference numbers: ``python -m tests.reference.conformance``.

Without --results the command line of OpenNTZ makes them. With --results DIR, the files that
another program left in DIR/<case>/ are compared; --inputs DIR writes the data and the cards'
names each case needs. Run from the root of the repository.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.reference.conformance.cases import Case, all_cases
from tests.reference.conformance.compare import Row, compare, fingerprint
from tests.reference.conformance.page import PAGE, RECORD, page, text_table

FULL_DRAWS = 10_000
SEED = 20261122


def run_ours(case: Case, folder: Path, draws: int) -> None:
    """The result files of one case, by this project's command line."""
    command = [sys.executable, "-m", "openntz", "estimate", str(case.card), str(case.data)]
    command += ["--out", str(folder)]
    if case.draws:
        command += ["--draws", str(draws), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # 1 says that some rows or people could not be used: the comparison will show them.
    if done.returncode not in (0, 1):
        raise SystemExit(f"{case.name}: {done.stderr.strip()}")


def compared(cases: list[Case], folder: Path) -> list[Row]:
    """All rows; a case without files is a failure of the case, said and not skipped."""
    rows = []
    for case in cases:
        try:
            rows += compare(case, folder / case.name)
        except (OSError, KeyError, ValueError) as error:
            reason = f"no usable results ({type(error).__name__}: {error})"
            rows.append(Row(case.name, reason, 0, None, None, None, 0.0, "", passed=False))
    return rows


def recorded(rows: list[Row], draws: int) -> dict[str, Any]:
    """What is kept of a run, and the page is made from."""
    return {
        "reference": fingerprint(),
        "draws": draws,
        "seed": SEED,
        "rows": [asdict(row) for row in rows],
    }


def main() -> int:
    """Run, compare, print; 0 when everything passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="another program's files, by case")
    parser.add_argument("--inputs", type=Path, help="write every case's data file and card here")
    parser.add_argument("--draws", type=int, default=FULL_DRAWS, help="posterior draws a person")
    parser.add_argument("--write", action="store_true", help="write the page in docs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cases = all_cases(Path(scratch) / "inputs")
        if asked.inputs is not None:
            for case in cases:
                (asked.inputs / case.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(case.data, asked.inputs / case.name / "data.csv")
                shutil.copy(case.card, asked.inputs / case.name / "model.toml")
            return 0
        folder = asked.results or Path(scratch) / "results"
        if asked.results is None:
            for case in cases:
                print(case.name, file=sys.stderr, flush=True)
                run_ours(case, folder / case.name, asked.draws)
        rows = compared(cases, folder)
    print(text_table(rows))
    if asked.write:
        record = recorded(rows, asked.draws)
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
        PAGE.write_text(page(record))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
