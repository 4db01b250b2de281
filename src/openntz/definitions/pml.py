"""The PML strata: antibody, index, time on treatment and earlier immunosuppressants."""

from __future__ import annotations

from msgspec import Struct

from openntz.definitions.activity import either
from openntz.definitions.jcv import JcvClass, JcvHistory, JcvResult
from openntz.definitions.treatments import PriorImmunosuppressants


class PmlBands(Struct, frozen=True):
    """Ends, in days since the first dose, of the bands that published risks are given for."""

    to_24: int
    to_48: int
    to_72: int


class PmlStanding(Struct, frozen=True):
    """What a person's stratum rests on.

    ``exposure_days`` counts from the first dose ever, gaps included: the sources do not say how
    to count interrupted treatment, and this counts no one as newer than they may be.
    """

    exposure_days: int
    jcv: JcvHistory
    prior: PriorImmunosuppressants

    @property
    def positive(self) -> bool | None:
        """Whether JCV antibodies are present; None when never reliably tested or indeterminate."""
        latest = self.jcv.latest
        if latest is None or latest.antibody is JcvClass.INDETERMINATE:
            return None
        return latest.antibody is JcvClass.POSITIVE

    def higher_risk(self, after_days: int) -> bool | None:
        """Whether the higher-risk stratum of the EMA applies (source ema-pml-2016).

        Beyond two years of treatment, and either antibody positive with an earlier
        immunosuppressant or an index above 1.5. An indeterminate antibody counts as positive
        here. None when a fact that would decide is missing.
        """
        if self.exposure_days <= after_days:
            return False
        latest = self.jcv.latest
        if latest is None:
            return None
        if latest.antibody is JcvClass.NEGATIVE:
            return False
        return either(latest.high, self.prior.known)

    def risk_key(self, latest: JcvResult, bands: PmlBands, prior: bool) -> str:
        """Which published figure fits, as 'group.band', were ``prior`` the answer on treatments."""
        beyond = self.exposure_days > bands.to_24
        if latest.antibody is JcvClass.NEGATIVE:
            group = "negative-prior-immunosuppressant" if prior else "negative"
            return f"{group}.{'beyond-24-months' if beyond else 'to-24-months'}"
        if prior:
            group = "prior-immunosuppressant"
        elif latest.high is None:
            group = "index-unknown"
        else:
            group = "index-above-1.5" if latest.high else "index-up-to-1.5"
        if not beyond:
            return f"{group}.to-24-months"
        within = self.exposure_days <= bands.to_48
        return f"{group}.{'25-48-months' if within else '49-72-months'}"
