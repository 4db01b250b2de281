"""The family of compartmental models as solver systems, each compiled when first used."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import Any, Final

from msgspec import Struct

from openntz.mechanism.kernels import compartments as kernel
from openntz.mechanism.solver import System

# Directions differentiated in one lane; more are spread over several lanes of one person.
TANGENTS: Final = 3


class Shape(Struct, frozen=True):
    """Which parts a compartmental model has.

    ``peripherals`` 0-2; ``depot`` for first-order absorption; ``saturable`` for Michaelis-Menten
    elimination; ``tangents`` directions of differentiation carried along.
    """

    peripherals: int
    depot: bool
    saturable: bool
    tangents: int = 0

    @property
    def own_states(self) -> int:
        """States of the model itself."""
        return 1 + self.peripherals + self.depot

    @property
    def own_parameters(self) -> int:
        """Rows of the model's own parameter block."""
        return kernel.OUTWARD + 2 * self.peripherals

    @property
    def depot_state(self) -> int:
        """Index of the depot, or -1."""
        return 1 + self.peripherals if self.depot else -1


@cache
def system_of(shape: Shape) -> System:
    """The solver system of a shape: concentration, then its derivatives, are observed."""
    bound: dict[str, Any] = dict(vars(kernel)) | {
        "PERIPHERALS": shape.peripherals,
        "DEPOT": shape.depot_state,
        "SATURABLE": shape.saturable,
        "STATES": shape.own_states,
        "PARAMETERS": shape.own_parameters,
    }
    name = f"compartments_{shape.peripherals}{int(shape.depot)}{int(shape.saturable)}"
    name += f"_{shape.tangents}"

    def bind(template: Any) -> Any:
        return FunctionType(template.__code__, bound, f"{template.__name__}_{name}")

    blocks = range(1, 1 + shape.tangents)
    volume = kernel.INVERSE_VOLUME
    return System(
        name=name,
        derive=bind(kernel.derive),
        derive_tangent=bind(kernel.derive_tangent),
        states=shape.own_states * (1 + shape.tangents),
        parameters=shape.own_parameters * (1 + shape.tangents),
        observed=(
            (kernel.CENTRAL, volume, -1, -1),
            *(
                (j * shape.own_states, volume, kernel.CENTRAL, j * shape.own_parameters + volume)
                for j in blocks
            ),
        ),
        tangents=shape.tangents,
    )
