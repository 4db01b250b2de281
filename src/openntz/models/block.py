"""The file format of random effects that vary together."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from openntz.models.fault import Fault, FaultsError
from openntz.models.numbers import Cited, Name, Real, Scale


class BlockFormat(Cited):
    """Covariances of several random effects.

    ``lower``: the lower triangle with its diagonal, row by row, on the variance scale.
    ``values`` and ``correlations``: the diagonal as SDs or CVs, and the lower triangle of the
    correlation matrix without its diagonal, row by row.
    """

    effects: Annotated[list[Name], Field(min_length=1)]
    scale: Scale
    unit: Literal["1", "%"] = "1"
    lower: list[Real] | None = None
    values: list[Real] | None = None
    correlations: list[Real] | None = None

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        n = len(self.effects)
        if len(set(self.effects)) < n:
            raise ValueError("an effect is there twice")
        if self.scale == "variance":
            wanted = {"lower": n * (n + 1) // 2}
            if self.unit == "%":
                raise ValueError("a variance in % is ambiguous; give it with unit '1'")
        else:
            wanted = {"values": n, "correlations": n * (n - 1) // 2}
        for name in ("lower", "values", "correlations"):
            found = getattr(self, name)
            if name not in wanted:
                if found is not None:
                    raise ValueError(f"scale = {self.scale!r} has no use for {name}")
            elif found is None or len(found) != wanted[name]:
                raise FaultsError(self._of_wrong_length(name, found or [], wanted[name]))
        beyond = [(i, r) for i, r in enumerate(self.correlations or (), 1) if abs(r) > 1.0]
        if beyond:
            remedy = (
                "Write 35 % as 0.35; from a covariance, divide by both SDs, or give all numbers "
                'as they are with scale = "variance" and lower.'
            )
            raise FaultsError(
                *(
                    Fault(
                        f"correlations[{i}]",
                        f"{r:g} is no correlation; one lies between -1 and 1",
                        remedy,
                    )
                    for i, r in beyond
                )
            )
        return self

    def _of_wrong_length(self, name: str, found: list[float], wanted: int) -> Fault:
        """What stands at each place of the list, for as many effects as a line can hold."""
        names = self.effects[:4]
        rows = {
            "lower": [[f"{a}.{b}" for b in names[: i + 1]] for i, a in enumerate(names)],
            "values": [names],
            "correlations": [[f"{a}.{b}" for b in names[:i]] for i, a in enumerate(names)],
        }[name]
        order = "; ".join(", ".join(row) for row in rows if row)
        more = "; ..." if len(self.effects) > len(names) else ""
        own = {"lower": "with its diagonal", "correlations": "without the diagonal"}.get(name)
        shape = f"the lower triangle {own}, row by row" if own else "one per effect"
        remedy = f"Give {shape}: {order}{more}." if wanted else f"Leave {name} as [], or out."
        return Fault(
            name,
            f"{name} has {len(found)} numbers; {len(self.effects)} effects need {wanted}",
            remedy,
        )
