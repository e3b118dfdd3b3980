"""A Gaussian process on molecules, its kernel the Tanimoto similarity of their fingerprints."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from rdkit import Chem
from torch import Tensor

from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.similarity import Known
from molgfn.proxy.target_model import Estimate, FitSettings, Molecules, TargetModel

NOISES = torch.logspace(-2, 1, 301, dtype=torch.float64)
"""Candidates for lambda, noise variance / kernel variance: no measurement is without error."""
LOCALITY = 8
"""Power of the similarity with which known molecules vouch for the size of an error."""
PRIOR_WEIGHT = 0.02
"""Weight of the average error beside them: one molecule of similarity 0.6."""


class GaussianProcess(TargetModel):
    """Posterior mean and standard deviation under y ~ N(m, a (K + lambda I)).

        K_ij   = sum min(c_i, c_j) / sum max(c_i, c_j),  c the counts of a molecule's surroundings
        mean   = m + k (K + lambda I)^-1 (y - m)
        std^2  = a (1 + lambda - k (K + lambda I)^-1 k^T) t(x)

    a and lambda maximise the marginal likelihood: a in closed form, lambda over a grid, after one
    eigendecomposition of K. The factor t(x) is what noise of one size for all molecules leaves
    out: the mean of the squared leave-one-out errors of the known molecules, in units of their own
    variance, weighted by similarity^8. It makes std larger near molecules that are hard to predict.

    Sources: Rasmussen and Williams 2006, sections 2.2 and 5.4.2; for the kernel Ralaivola et al.
    2005, Neural Networks 18.
    """

    kind = "gaussian_process"
    most_molecules = 5000  # the work grows with the cube of their number, the file with its square
    weights: Tensor  # [N] (K + lambda I)^-1 (y - m)
    whitening: Tensor  # [N, N] W with W W^T = (K + lambda I)^-1
    squared_error: Tensor  # [N] squared leave-one-out errors in units of their variance

    def __init__(
        self,
        known: Known,
        weights: Tensor,
        whitening: Tensor,
        squared_error: Tensor,
        center: float,
        variance: float,
        noise: float,
    ) -> None:
        super().__init__()
        self.known = known
        for name, tensor in (
            ("weights", weights),
            ("whitening", whitening),
            ("squared_error", squared_error),
        ):
            self.register_buffer(name, tensor)
        self.center, self.variance, self.noise = center, variance, noise

    @classmethod
    def fit(cls, mols: Sequence[Chem.Mol], values: Tensor, settings: FitSettings) -> Self:
        """Fit to N molecules and values [N].

        Raises:
            ValueError: there are more than `most_molecules`.
        """
        if len(mols) > cls.most_molecules:
            raise ValueError(f"{len(mols)} molecules; accepted are at most {cls.most_molecules}")
        prints, _ = fingerprints(mols)
        known = Known.of(prints, counted=True)
        center = float(values.mean())
        residual = values.double() - center
        eigenvalues, vectors = torch.linalg.eigh(known(prints).double())
        eigenvalues = eigenvalues.clamp(min=0)  # rounding makes some negative
        projected = vectors.T @ residual
        noise, variance = most_likely(eigenvalues, projected)
        shrunk = eigenvalues + noise
        weights = vectors @ (projected / shrunk)
        whitening = vectors / shrunk.sqrt()
        precision = whitening.square().sum(1)  # diagonal of the inverse
        squared_error = weights.square() / precision / variance
        return cls(
            known,
            weights=weights.float(),
            whitening=whitening.float(),
            squared_error=squared_error.float(),
            center=center,
            variance=variance,
            noise=noise,
        )

    def forward(self, molecules: Molecules) -> Estimate:
        """Predict B molecules."""
        similarity = self.known(molecules.fingerprints)  # [B, N]
        explained = (similarity @ self.whitening).square().sum(1)
        spread = self.variance * (1 + self.noise - explained).clamp(min=self.noise)
        closeness = similarity**LOCALITY
        prior = PRIOR_WEIGHT * self.squared_error.mean()
        local = (closeness @ self.squared_error + prior) / (closeness.sum(1) + PRIOR_WEIGHT)
        return Estimate(self.center + similarity @ self.weights, (spread * local).sqrt())

    def settings(self) -> Mapping[str, Any]:
        """The numbers that are not tensors."""
        return {"center": self.center, "variance": self.variance, "noise": self.noise}

    @classmethod
    def rebuild(cls, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """What `settings` and `state_dict` were taken from."""
        known = Known(
            names=tensors["known.names"],
            element=tensors["known.element"],
            size=tensors["known.size"],
            counted=True,
        )
        return cls(
            known,
            weights=tensors["weights"],
            whitening=tensors["whitening"],
            squared_error=tensors["squared_error"],
            center=settings["center"],
            variance=settings["variance"],
            noise=settings["noise"],
        )


def most_likely(eigenvalues: Tensor, projected: Tensor) -> tuple[float, float]:
    """lambda and a that maximise log N(y; m, a (K + lambda I)).

    Args:
        eigenvalues: [N] of K.
        projected: [N] y - m in the basis of its eigenvectors.
    """
    shrunk = eigenvalues + NOISES[:, None]  # [301, N]
    variance = (projected.square() / shrunk).mean(1)
    best = int((variance.log() + shrunk.log().mean(1)).argmin())
    return float(NOISES[best]), float(variance[best])
