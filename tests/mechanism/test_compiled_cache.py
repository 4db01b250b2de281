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
from openntz.mechanism import machine_code, solver
from openntz.mechanism.compartments import Shape, system_of
from openntz.mechanism.machine_code import MachineCode

PROBE = """
import json
import re
import sys
import numpy as np
from openntz.mechanism.pharmacokinetics import PkParameters, Schedule, simulate

one = np.ones((1, 1))
level = simulate(
    PkParameters(np.array([0.0]), one, one, one, one, one, one, one, one, one),
    Schedule(np.array([0.0]), np.array([0.0]), np.array([100.0]), np.array([True])),
    [3.0],
).ug_per_ml[0, 0]
print(json.dumps({"level": level, "compiled": "numba" in sys.modules}))
"""
PACKED = """
import json
import re
from numba import njit
from openntz.mechanism import machine_code, solver
from openntz.mechanism.compartments import Shape, system_of
from openntz.mechanism.kernels.arithmetic import inverse_tenth_root

# Someone else's code may compile these functions first, with options of its own.
assert njit(lambda x: inverse_tenth_root(x) / x)(2.0) > 0.0
found = {}
for tangents in (0, 3):
    code = solver.assembled(system_of(Shape(1, True, True, tangents))).intermediate
    found[f"packed {tangents}"] = len(re.findall(r"fdiv (?:contract )?<[0-9]+ x double>", code))
    found[f"counted {tangents}"] = code.count("NRT_")
print(json.dumps(found))
"""
SLOT = """
import json
from openntz.mechanism import machine_code, solver
from openntz.mechanism.blood_and_lesions import BLOOD_AND_LESIONS
from openntz.mechanism.compartments import Shape, system_of
print(json.dumps({s.name: solver.slot(s)
                  for s in (system_of(Shape(1, True, True)), BLOOD_AND_LESIONS)}))
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


def test_a_second_process_neither_compiles_nor_loads_the_compiler(
    copied: tuple[Path, Path],
) -> None:
    first = _run(PROBE, *copied)
    assert first["compiled"]
    second = _run(PROBE, *copied)
    assert not second["compiled"]
    assert second["level"] == first["level"]


def test_lanes_are_vectors_and_nothing_counts_references(copied: tuple[Path, Path]) -> None:
    found = _run(PACKED, *copied)
    # Six stages divide, each in lanes, whoever compiled first; with derivatives each twice.
    assert found["packed 0"] >= 6
    assert found["packed 3"] >= 12
    assert found["counted 0"] == found["counted 3"] == 0


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


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of systems compiled, by a compiler that returns nothing of use."""
    names: list[str] = []

    def assemble(system: solver.System) -> SimpleNamespace:
        names.append(system.name)
        return SimpleNamespace(code=MachineCode("symbol", b"code"), intermediate="")

    monkeypatch.setattr(solver, "assembled", assemble)
    monkeypatch.setattr(solver, "Loaded", lambda code: code)
    return names


def test_works_where_nothing_can_be_kept(
    monkeypatch: pytest.MonkeyPatch, made: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A read-only installation without a home: compiled for this process alone."""
    monkeypatch.setattr(solver, "folder", lambda _: None)
    system = system_of(Shape(1, True, True))
    with caplog.at_level("INFO", logger="openntz"):
        assert solver.compile_system.__wrapped__(system) == MachineCode("symbol", b"code")
    assert made == [system.name]
    assert "for this run alone" in caplog.text
    assert solver.is_compiled(system)


def test_compilation_is_announced_once(
    monkeypatch: pytest.MonkeyPatch,
    made: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not when the compiled code is on disk under the system's own name."""
    monkeypatch.setattr(solver, "folder", lambda _: tmp_path)
    system = system_of(Shape(1, True, True))
    with caplog.at_level("INFO", logger="openntz"):
        assert not solver.is_compiled(system)
        first = solver.compile_system.__wrapped__(system)
        assert [record.levelname for record in caplog.records] == ["INFO"]
        assert solver.is_compiled(system)
        assert solver.compile_system.__wrapped__(system) == first
    assert len(caplog.records) == 1
    assert len(made) == 1


@pytest.mark.parametrize(
    "damage", [b"", b"not code", b'{"symbol": "a", "sha256": "b"}\nc', b"{}\n"]
)
def test_damaged_code_is_made_again(
    monkeypatch: pytest.MonkeyPatch, made: list[str], tmp_path: Path, damage: bytes
) -> None:
    monkeypatch.setattr(solver, "folder", lambda _: tmp_path)
    system = system_of(Shape(1, True, True))
    first = solver.compile_system.__wrapped__(system)
    [kept] = tmp_path.iterdir()
    assert MachineCode.kept(kept) == first
    kept.write_bytes(damage)
    assert MachineCode.kept(kept) is None
    assert solver.compile_system.__wrapped__(system) == first
    assert made == [system.name] * 2
    assert MachineCode.kept(kept) == first


def test_arrays_of_another_layout_are_refused() -> None:
    lanes = solver.new_lanes(system_of(Shape(1, True, True)))
    with pytest.raises(TypeError, match="w is not"):
        machine_code.addresses(lanes._replace(w=lanes.w[::2]))
    with pytest.raises(TypeError, match="person is not"):
        machine_code.addresses(lanes._replace(person=lanes.w))
