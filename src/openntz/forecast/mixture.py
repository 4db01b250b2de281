"""Proposals for importance sampling: a mixture of Student t distributions and the prior.

The first is the Laplace approximation at the mode with a share of the prior. Where that follows
a skewed, bent or divided posterior badly, Laplace approximations at many points of it do
better: each has the information of its own place, so together they follow a ridge.
(Incremental mixtures: Raftery and Bao 2010; local scales: Givens and Raftery 1996.)
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]

# Heavier tails than the normal, and a share of the prior, keep the weights bounded.
_DEGREES: Final = 5.0
_PRIOR_SHARE: Final = 0.1
# Points spread over the posterior already carry its width: each needs less than all of it.
_LOCAL_SCALE: Final = 0.7


class Mixture(Struct, frozen=True, eq=False):
    """Equal Student t components: centres (K, p) and Cholesky roots of their scale (K, p, p).

    ``prior_root`` (p, p) is that of the normal prior around zero, from which a tenth of the
    draws come.
    """

    centre: Array
    root: Array
    prior_root: Array

    @classmethod
    def local(cls, centre: Array, information: Array, prior_root: Array) -> Mixture:
        """Laplace approximations at ``centre`` (K, p), of ``information`` (K, p, p)."""
        covariance = _LOCAL_SCALE * np.linalg.inv(information)
        symmetric = 0.5 * (covariance + covariance.transpose(0, 2, 1))
        return cls(centre, np.asarray(np.linalg.cholesky(symmetric), dtype=np.float64), prior_root)

    def draw(self, n: int, generator: np.random.Generator) -> Array:
        """Draws (n, p)."""
        from_prior = generator.random(n) < _PRIOR_SHARE
        normal = generator.standard_normal((n, self.centre.shape[1]))
        scaled = normal * np.sqrt(_DEGREES / generator.chisquare(_DEGREES, n))[:, None]
        if len(self.centre) == 1:
            local = self.centre[0] + scaled @ self.root[0].T
        else:
            which = generator.integers(0, len(self.centre), n)
            local = self.centre[which] + np.matmul(self.root[which], scaled[..., None])[..., 0]
        prior = generator.standard_normal(normal.shape) @ self.prior_root.T
        return np.where(from_prior[:, None], prior, local)

    def log_density(self, theta: Array, log_prior: Array) -> Array:
        """Log density (n,) at ``theta`` (n, p), of which ``log_prior`` (n,) is the prior's."""
        p = theta.shape[1]
        local = np.full(len(theta), -np.inf)
        height = -np.log(np.diagonal(self.root, axis1=1, axis2=2)).sum(axis=1)
        across = np.ascontiguousarray(theta.T)
        for i, inverse in enumerate(np.linalg.inv(self.root)):
            # No BLAS: its threads cost more than such narrow products.
            z = np.einsum("qp,pn->qn", inverse, across - self.centre[i][:, None])
            distance = np.einsum("qn,qn->n", z, z)
            own = height[i] - (_DEGREES + p) / 2 * np.log1p(distance / _DEGREES)
            local = np.logaddexp(local, own)
        local = local + gammaln((_DEGREES + p) / 2) - gammaln(_DEGREES / 2)
        local = local - p / 2 * np.log(_DEGREES * np.pi)
        local = local + np.log1p(-_PRIOR_SHARE) - np.log(len(self.centre))
        return np.logaddexp(np.log(_PRIOR_SHARE) + log_prior, local)
