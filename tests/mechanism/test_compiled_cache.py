"""The compiled kernel is kept on disk, found again, and given up when its source changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import openntz
from openntz.mechanism import solver
from openntz.mechanism.compartments import Shape, system_of

PROBE = """
import json
import re
import numpy as np
from numba import njit
from openntz.mechanism.compartments import Shape, system_of
from openntz.mechanism import solver
from openntz.mechanism.kernels.arithmetic import inverse_fifth_root
from openntz.mechanism.pharmacokinetics import PkParameters, Schedule, simulate

# Someone else's code may compile these functions first, with options of its own.
assert njit(lambda x: inverse_fifth_root(x) / x)(2.0) > 0.0

one = np.ones((1, 1))
level = simulate(
    PkParameters(np.array([0.0]), one, one, one, one, one, one, one, one, one),
    Schedule(np.array([0.0]), np.array([0.0]), np.array([100.0]), np.array([True])),
    [3.0],
).ug_per_ml[0, 0]
compiled = solver.compile_system(system_of(Shape(1, True, True)))
stats = compiled.stats
hits, misses = sum(stats.cache_hits.values()), sum(stats.cache_misses.values())
code = compiled.inspect_llvm(compiled.signatures[0]) if misses else ""
packed = len(re.findall(r"fdiv (?:contract )?<[0-9]+ x double>", code))
print(json.dumps({"level": level, "hits": hits, "misses": misses, "packed": packed}))
"""
SLOT = """
import json
from openntz.mechanism import solver
from openntz.mechanism.compartments import Shape, system_of
print(json.dumps({s.name: solver.compile_system(s).__name__
                  for s in (system_of(Shape(1, True, True)), solver.BLOOD_AND_LESIONS)}))
"""


def _run(code: str, package: Path, cache: Path) -> dict[str, Any]:
    environment = os.environ | {"PYTHONPATH": str(package), "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
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


def test_a_second_process_does_not_compile(copied: tuple[Path, Path]) -> None:
    first = _run(PROBE, *copied)
    assert (first["hits"], first["misses"]) == (0, 1)
    # Six stages and three error terms divide; each in lanes, whoever compiled first.
    assert first["packed"] >= 9
    second = _run(PROBE, *copied)
    assert (second["hits"], second["misses"]) == (1, 0)
    assert second["level"] == first["level"]


@pytest.fixture(scope="module")
def before(copied: tuple[Path, Path]) -> dict[str, str]:
    """Names of the slots before any edit."""
    return _run(SLOT, *copied)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("kernels/compartments.py", "OUTWARD: Final = 5", "OUTWARD: Final = 6"),
        ("kernels/dopri5.py", "SAFETY = 0.9", "SAFETY = 0.8"),
        ("kernels/arithmetic.py", "_LOG2_E = 1.44", "_LOG2_E = 1.45"),
        (
            "solver.py",
            '"PARAMETER": system.parameters,',
            '"NOTHING": 1, "PARAMETER": system.parameters,',
        ),
    ],
)
def test_an_edit_makes_a_new_slot(
    copied: tuple[Path, Path], before: dict[str, str], file: str, old: str, new: str
) -> None:
    """numba looks only at the file of the function it keeps; the slot's name must change."""
    kernel = copied[0] / "openntz" / "mechanism" / file
    text = kernel.read_text("utf-8")
    assert text.count(old) == 1
    kernel.write_text(text.replace(old, new), "utf-8")
    after = _run(SLOT, *copied)
    kernel.write_text(text, "utf-8")
    assert set(before) == set(after)
    assert all(before[name] != after[name] for name in before)
    assert len(set(before.values())) == len(before)  # and no two systems share one


def test_works_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only installation without a home: compiled for this process alone."""

    def refuse(*_: object, **options: object) -> object:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(solver, "njit", refuse)
    found = solver.compile_system.__wrapped__(system_of(Shape(1, True, True)))
    assert found.__name__.startswith("advance_block_compartments_111_0_")


def test_compilation_is_announced_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not when the compiled code is on disk under the system's own name."""

    def keep(**_: object) -> object:
        def compiled(function: Any) -> Any:
            function.stats = SimpleNamespace(cache_path=str(tmp_path))
            return function

        return compiled

    monkeypatch.setattr(solver, "njit", keep)
    system = system_of(Shape(1, True, True))
    with caplog.at_level("INFO", logger="openntz"):
        found = solver.compile_system.__wrapped__(system)
        assert [record.levelname for record in caplog.records] == ["INFO"]
        (tmp_path / f"solver.{found.__name__}-1.py311.nbi").touch()
        solver.compile_system.__wrapped__(system)
    assert len(caplog.records) == 1
