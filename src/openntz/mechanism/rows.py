"""From individual parameters to the rows of numbers the kernel works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.compartments import Shape
from openntz.mechanism.kernels import compartments as kernel
from openntz.mechanism.regimen import Floats

Values = Mapping[str, Floats]


def kernel_rows(
    shape: Shape, values: Values, slopes: Values, segments: NDArray[np.int64], chunks: int
) -> Floats:
    """Kernel parameters (chunks, n, segments, parameters), derivatives behind the values."""
    v = {name: value[:, segments] for name, value in values.items()}
    own = shape.own_parameters
    table = np.zeros((chunks, *v["cl"].shape, own * (1 + shape.tangents)))
    # A rate too large for a number is one the solver cannot follow, and it says so.
    with np.errstate(over="ignore", invalid="ignore"):
        inverse = 1.0 / v["vc"]
        base = {
            kernel.ELIMINATION: v["cl"] * inverse,
            kernel.INVERSE_VOLUME: inverse,
            kernel.SATURABLE_MAXIMUM: v["vmax"],
            kernel.SATURABLE_HALF: v["km"] * v["vc"],
            kernel.ABSORPTION: v["ka"],
        }
        flows = (("q", "vp"), ("q2", "vp2"))[: shape.peripherals]
        for i, (flow, volume) in enumerate(flows):
            base[kernel.OUTWARD + 2 * i] = v[flow] * inverse
            base[kernel.OUTWARD + 2 * i + 1] = v[flow] / v[volume]
        for row, value in base.items():
            table[..., row] = value
        for chunk in range(chunks if shape.tangents else 0):
            for j in range(shape.tangents):
                direction = chunk * shape.tangents + j
                d = {
                    name: slope[:, segments, direction]
                    for name, slope in slopes.items()
                    if direction < slope.shape[2]
                }
                block = table[chunk, ..., (1 + j) * own : (2 + j) * own]
                for row, value in _bent_rows(v, base, d, flows).items():
                    block[..., row] = value
    return table


def _bent_rows(
    v: Values, base: Mapping[int, Floats], d: Values, flows: Sequence[tuple[str, str]]
) -> dict[int, Floats]:
    """The rows of ``kernel_rows`` differentiated, those that are not zero."""
    inverse = base[kernel.INVERSE_VOLUME]
    wider = d.get("vc")
    found: dict[int, Floats] = {}

    def add(row: int, value: Floats) -> None:
        found[row] = found[row] + value if row in found else value

    over_volume = {"cl": kernel.ELIMINATION}
    for i, (flow, volume) in enumerate(flows):
        over_volume[flow] = kernel.OUTWARD + 2 * i
        back = kernel.OUTWARD + 2 * i + 1
        if flow in d:
            add(back, d[flow] / v[volume])
        if volume in d:
            add(back, -base[back] / v[volume] * d[volume])
    for name, row in over_volume.items():
        if name in d:
            add(row, d[name] * inverse)
        if wider is not None:
            add(row, -base[row] * inverse * wider)
    if wider is not None:
        add(kernel.INVERSE_VOLUME, -inverse * inverse * wider)
        add(kernel.SATURABLE_HALF, v["km"] * wider)
    if "km" in d:
        add(kernel.SATURABLE_HALF, d["km"] * v["vc"])
    if "vmax" in d:
        add(kernel.SATURABLE_MAXIMUM, d["vmax"])
    if "ka" in d:
        add(kernel.ABSORPTION, d["ka"])
    return found
