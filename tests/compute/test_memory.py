"""Memory kept for the next array, as the system itself counts pages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ROUNDS = 20
PAGE = 4096
# Arrays of 1.2 MB, as many as a group of people needs at once.
PROGRAM = f"""
import resource
import sys
import numpy as np
from openntz.compute.memory import keep_freed_memory

def work():
    return sum(float(a[-1]) for a in [np.ones(150_000) for _ in range(20)])

if sys.argv[1] == "keep":
    keep_freed_memory()
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({ROUNDS}):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _pages(how: str) -> int:
    # dask sets limits of its own for every process after it.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators differ")
def test_pages_are_not_given_back_between_groups_as_the_system_counts_them() -> None:
    # 24 MB a round is 5,900 pages; without the call most come anew each round.
    assert _pages("leave") > ROUNDS * 1_000
    assert _pages("keep") < ROUNDS * 10
