"""`openntz validate`: virtual people held against every published result."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz import __version__
from openntz.compute.executors import map_in_order
from openntz.errors import InputError
from openntz.evidence.published import Published, published
from openntz.evidence.registry import registry
from openntz.mechanism.virtual.exposure import level_card
from openntz.mechanism.virtual.parameters import Parameters, shipped_parameters
from openntz.mechanism.virtual.readouts.compare import Held, check_known, figure, tables
from openntz.records.write import write_text_atomic
from openntz.report.validate_page import validate_page
from openntz.workflows.compiled import ready_to_simulate
from openntz.workflows.progress import Progress

# People worked on together: a matter of speed and memory, not of the numbers.
_TOGETHER: Final = 250
DEFAULT_PEOPLE: Final = 2000


class ValidateRequest(Struct, frozen=True, kw_only=True):
    """How many virtual people, into which folder."""

    out: Path
    people: int = DEFAULT_PEOPLE
    seed: int
    workers: int = 1


class Validation(Struct, frozen=True, kw_only=True):
    """Every published result with its simulated counterpart, and the page to open."""

    held: tuple[Held, ...]
    people: int
    seed: int
    index: Path


def hold(
    results: Sequence[Published],
    parameters: Parameters,
    *,
    people: int,
    seed: int,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[Held, ...]:
    """Simulate and compare; equal seeds give equal numbers, whatever the workers.

    Raises
    ------
    OpenNTZError
        When a result names an unknown readout or scenario, or somebody cannot be solved.
    """
    check_known(results)
    parts = [range(a, min(a + _TOGETHER, people)) for a in range(0, people, _TOGETHER)]

    def one(which: int) -> list[NDArray[np.float64]]:
        return tables(results, parameters, seed, parts[which])

    ready_to_simulate(level_card())
    done = map_in_order(one, range(len(parts)), workers=workers)
    if progress is not None:
        done = progress.track(done, len(parts), f"groups of {_TOGETHER} people")
    every = list(done)
    return tuple(
        Held(result, figure(result, np.concatenate([part[at] for part in every]), seed))
        for at, result in enumerate(results)
    )


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")


def validation_json(held: Sequence[Held]) -> str:
    """``validate.json``: one object a result, in the order of the file."""
    rows: list[dict[str, Any]] = [
        {
            "id": one.published.id,
            "what": one.published.what,
            "unit": one.published.unit,
            "n": one.published.n,
            "published": one.published.value,
            "published_low": one.published.low,
            "published_high": one.published.high,
            "relation": one.published.relation,
            "study_error": one.published.study_error,
            "simulated": _plain(one.simulated.value),
            "mc_error": _plain(one.simulated.mc_error),
            "people": one.simulated.people,
            "tolerance": one.published.tolerance,
            "reason": one.published.reason,
            "pass": one.agrees,
            "counted": one.published.counted,
            "not_counted_because": one.published.not_counted_because,
            "used_in_calibration": one.published.used_in_calibration,
            "reread": one.published.reread,
            "scenario": one.published.scenario,
            "source": one.published.source,
            "rank": one.published.rank,
        }
        for one in held
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def run_validate(request: ValidateRequest, progress: Progress | None = None) -> Validation:
    """Hold the shipped parameters against the shipped results; writes the page and numbers.

    Raises
    ------
    OpenNTZError
        As ``hold``, or when the output folder cannot be written.
    """
    parameters, facts = shipped_parameters(), registry()
    held = hold(
        published(),
        parameters,
        people=request.people,
        seed=request.seed,
        workers=request.workers,
        progress=progress,
    )
    index = request.out / "index.html"
    page = validate_page(
        held, parameters, facts, people=request.people, seed=request.seed, version=__version__
    )
    try:
        request.out.mkdir(parents=True, exist_ok=True)
        write_text_atomic(request.out / "validate.json", validation_json(held))
        write_text_atomic(index, page)
    except OSError as error:
        raise InputError(
            f"{error.filename or request.out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Choose a folder that can be written.",
        ) from None
    return Validation(held=held, people=request.people, seed=request.seed, index=index)
