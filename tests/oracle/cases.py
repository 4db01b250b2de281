"""The derived cases: what each model and each person's records are meant to make hard."""

from __future__ import annotations

from tests.oracle.cases_absorption import absorption_cases
from tests.oracle.cases_infusion import infusion_cases
from tests.oracle.designs import Case


def all_cases() -> list[Case]:
    """Every case in the order it is generated; the order fixes the seeds."""
    return [*infusion_cases(), *absorption_cases()]
