"""The compiled kernel is kept on disk, found again, and given up when its source changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import openntz

PROBE = """
import json
import numpy as np
from openntz.mechanism import solver
from openntz.mechanism.pharmacokinetics import PkParameters, Schedule, simulate

one = np.ones((1, 1))
level = simulate(
    PkParameters(np.array([0.0]), one, one, one, one, one, one, one, one, one),
    Schedule(np.array([0.0]), np.array([0.0]), np.array([100.0]), np.array([True])),
    [3.0],
).ug_per_ml[0, 0]
stats = solver.compile_system(solver.TWO_COMPARTMENT).stats
hits, misses = sum(stats.cache_hits.values()), sum(stats.cache_misses.values())
print(json.dumps({"level": level, "hits": hits, "misses": misses}))
"""


def _run(package: Path, cache: Path) -> dict[str, Any]:
    environment = os.environ | {"PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the package and an empty cache."""
    folder = tmp_path_factory.mktemp("package")
    source = Path(openntz.__file__).parent
    shutil.copytree(source, folder / "openntz", ignore=shutil.ignore_patterns("__pycache__"))
    return folder, folder / "cache"


def test_second_process_does_not_compile_and_an_edit_does(copied: tuple[Path, Path]) -> None:
    package, cache = copied
    first = _run(package, cache)
    assert (first["hits"], first["misses"]) == (0, 1)
    second = _run(package, cache)
    assert (second["hits"], second["misses"]) == (1, 0)
    assert second["level"] == first["level"]
    kernel = package / "openntz" / "mechanism" / "kernels" / "two_compartment.py"
    text = kernel.read_text("utf-8")
    edited = text.replace(
        "w[k + DEPOT * LANES] = -absorbed", "w[k + DEPOT * LANES] = -2 * absorbed"
    )
    assert edited != text
    kernel.write_text(edited, "utf-8")
    third = _run(package, cache)
    assert (third["hits"], third["misses"]) == (0, 1)
    assert third["level"] != first["level"]
