"""What `openntz estimate --draws` prints about the posterior draws."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from openntz.records.problems import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from openntz.workflows.estimate_draws import PersonDraws


def say_draws(console: Console, drawn: Sequence[PersonDraws]) -> None:
    """How the draws were made, for how many people, and whom they fail."""
    methods = Counter(one.posterior.method for one in drawn if one.posterior is not None)
    count = next((len(one.theta) for one in drawn if one.posterior is not None), 0)
    shown = ", ".join(f"{name} {number}" for name, number in sorted(methods.items()))
    console.print()
    console.print(
        Text.assemble(
            ("Posterior", "bold"), f"  {count} draws a person  {shown or 'nobody'}  posterior.csv"
        ),
        soft_wrap=True,
    )
    for one in drawn:
        if one.status in ("not converged", "failed"):
            console.print(
                Text.assemble(
                    (f"ID {printable(one.person.rows.id)}", "bold"), f"  {one.status}: {one.reason}"
                ),
                soft_wrap=True,
            )
