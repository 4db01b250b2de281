"""Compiled solvers kept on disk as machine code, and called without the compiler.

Loading the compiler takes longer than most of what a clinic asks for. What it made is kept as
an object file named by everything it follows from, and LLVM's loader alone puts it into
memory. Where no folder can be written, it lives as long as the process.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import llvmlite
import numpy as np
from llvmlite import binding as llvm
from msgspec import Struct
from numpy.typing import NDArray

from openntz.kept import FOLDER
from openntz.mechanism.kernels.problem import TABLES, WHOLE, Lanes, Problem

# Settings of numba decide what is compiled.
_SETTINGS: Final = "NUMBA_"

_ENTRY: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2, *[ctypes.c_double] * 3
)

Addresses = NDArray[np.int64]


def _numba() -> bytes:
    """What tells one version of numba from another, without loading it."""
    found = find_spec("numba")
    place = None if found is None else found.origin
    return b"" if place is None else Path(place).with_name("_version.py").read_bytes()


def made_for() -> str:
    """What machine code depends on besides its sources: this processor, the compiler, settings."""
    settings = sorted(
        (k, v) for k, v in os.environ.items() if k.startswith(_SETTINGS) and k != FOLDER
    )
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    compiler = (_numba(), llvmlite.__version__, platform.python_version())
    return repr((processor, compiler, settings))


class MachineCode(Struct, frozen=True):
    """An object file and the symbol of the one function to call in it."""

    symbol: str
    object_file: bytes

    def keep(self, path: Path) -> None:
        """Write to a file, whole or not at all."""
        head = {"symbol": self.symbol, "sha256": hashlib.sha256(self.object_file).hexdigest()}
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(json.dumps(head).encode() + b"\n" + self.object_file)
        Path(file.name).replace(path)

    @classmethod
    def kept(cls, path: Path) -> MachineCode | None:
        """What ``keep`` wrote; None where there is nothing, or it is damaged."""
        try:
            head, _, code = path.read_bytes().partition(b"\n")
            said = json.loads(head)
            if hashlib.sha256(code).hexdigest() != said["sha256"]:
                return None
            return cls(said["symbol"], code)
        except (OSError, ValueError, KeyError):
            return None


def _row(array: NDArray[Any], name: str) -> tuple[int, int, int]:
    expected = np.int64 if name in WHOLE else np.float64
    if array.dtype != expected or not array.flags.c_contiguous:
        raise TypeError(f"{name} is not a contiguous array of {expected.__name__}")
    rows, columns = array.shape if name in TABLES else (*array.shape, 1)
    return array.ctypes.data, rows, columns


def addresses(arrays: Lanes | Problem) -> Addresses:
    """Address, rows and columns (k, 3) of every array of a tuple.

    The caller keeps the arrays alive for as long as the addresses are in use.

    Raises
    ------
    TypeError
        When an array is not of the type and layout that compiled code assumes.
    """
    named = zip(arrays._fields, arrays, strict=True)
    return np.array([_row(a, name) for name, a in named if isinstance(a, np.ndarray)], np.int64)


class Loaded:
    """Machine code in memory.

    A call gives up Python's lock; several threads may be inside at once, each with its own
    lanes.
    """

    def __init__(self, code: MachineCode) -> None:
        """Load ``code``.

        Raises
        ------
        RuntimeError
            When the loader does not accept it.
        """
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            opt=3, reloc="default", codemodel="jitdefault", jit=True
        )
        # The engine owns the code: it must live as long as this.
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code.object_file))
        self._engine.finalize_object()
        address = self._engine.get_function_address(code.symbol)
        if not address:
            raise RuntimeError(f"{code.symbol} is not in the object file")
        self._entry: Callable[..., int] = _ENTRY(address)

    def __call__(
        self,
        lanes: Addresses,
        problem: Addresses,
        width: int,
        first: int,
        last: int,
        tolerances: tuple[float, float],
        most_steps: float,
    ) -> None:
        """Integrate people ``first`` to ``last - 1``, ``width`` of them at a time."""
        table = np.concatenate([lanes, problem, [[width, 0, 0]]])
        # Room for what compiled functions return beside their status: a value, an exception.
        room = np.zeros(2, np.int64)
        status = self._entry(
            room.ctypes.data, room.ctypes.data + 8, table.ctypes.data,
            first, last, *tolerances, most_steps,
        )  # fmt: skip
        if status:
            raise RuntimeError(f"compiled code ended with status {status}")
