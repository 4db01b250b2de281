"""What a reader may ask of one forecast beyond the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.errors import InputError
from openntz.forecast.readouts import READOUTS, ReadoutName
from openntz.forecast.settings import Settings

_NARROWEST: Final = 1.0
_WIDEST: Final = 100.0


class Options(Struct, frozen=True):
    """Readings besides the level, and a factor on the prior covariance.

    ``assay_bias_from`` is the number of named laboratories from which on their bias is
    estimated; None leaves the default.
    """

    readouts: tuple[ReadoutName, ...] = ()
    flatten: float = 1.0
    assay_bias_from: int | None = None

    @classmethod
    def of(
        cls, readouts: Sequence[str] = (), flatten: float = 1.0, assay_bias_from: int | None = None
    ) -> Options:
        """Options as a person gave them.

        Raises
        ------
        InputError
            When a readout is unknown or a number is out of range.
        """
        known: dict[str, ReadoutName] = {str(name): name for name in READOUTS}
        for name in readouts:
            if name not in known:
                raise InputError(
                    f"no readout {name!r}.",
                    where="--readout",
                    remedy=f"Use {' or '.join(READOUTS)}.",
                )
        if not _NARROWEST <= flatten <= _WIDEST:
            raise InputError(
                f"a prior flattened {flatten:g} times.",
                where="--flatten",
                remedy=f"Give a number from {_NARROWEST:g} (as published) to {_WIDEST:g}; "
                "it multiplies the variances between people.",
            )
        wanted: tuple[ReadoutName, ...] = tuple(dict.fromkeys(known[name] for name in readouts))
        return cls(wanted, flatten, assay_bias_from)

    def applied(self, settings: Settings) -> Settings:
        """Settings with these options."""
        return replace(
            settings,
            readouts=self.readouts,
            flatten=self.flatten,
            assay_bias_from=self.assay_bias_from or settings.assay_bias_from,
        )


def told(settings: Settings) -> tuple[str, ...]:
    """A note where the prior is not the published one."""
    if settings.flatten == _NARROWEST:
        return ()
    return (
        f"The variances between people were multiplied by {settings.flatten:g}: the person's own "
        "levels count for more, and the population for less.",
    )
