"""What `openntz simulate` and `openntz validate` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.workflows.simulate import Simulation
    from openntz.workflows.validate import Validation


def say_simulation(console: Console, made: Simulation) -> None:
    """Where the tables are and how much is in them."""
    people, seed = made.rows["people"], made.scenario.seed
    console.print(Text(f"{people} virtual people, seed {seed}: {made.out}"))
    console.print(Text(", ".join(f"{name} {count}" for name, count in made.rows.items())))
    if made.trajectories is not None:
        console.print(Text(f"Every state: {made.trajectories}"))


def say_validation(console: Console, found: Validation) -> None:
    """How many results agree, and every one that does not."""
    from openntz.report.validate_page import number, tally

    counts = tally(found.held)
    console.print(
        Text(
            f"{counts['agree']} of {counts['counted']} counted results agree, "
            f"{counts['unseen_agree']} of {counts['unseen']} unseen, "
            f"{counts['reread_agree']} of {counts['reread']} reread after a look; "
            f"{counts['apart']} more are shown and not counted."
        )
    )
    failed = [one for one in found.held if one.agrees is False]
    if failed:
        table = Table("does not agree", "published", "tolerance", "simulated", "± Monte Carlo")
        for one in failed:
            table.add_row(
                Text(one.published.what),
                f"{number(one.published.value)} {one.published.unit}",
                number(one.published.tolerance),
                number(one.simulated.value),
                number(one.simulated.mc_error),
            )
        console.print(table)
    console.print(Text(f"Page: {found.index}"))
    differ = sum(one.published.counted for one in failed)
    console.print(
        Text(
            f"{differ} of {counts['counted']} counted results do not agree, and "
            f"{len(failed) - differ} of those not counted."
        )
    )
