"""A forest of extremely randomised trees on counts of Morgan surroundings."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from rdkit import Chem
from torch import Tensor

from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.target_model import Estimate, FitSettings, Molecules, TargetModel
from molgfn.proxy.trees import Trees

NUM_TREES = 100
NUM_COUNTS = 2048


class Forest(TargetModel):
    """Mean and standard deviation over 100 trees of scikit-learn's ExtraTreesRegressor.

    Classes are fitted as the numbers 0 and 1: the mean over trees is the share of the class.

    Source: Geurts et al. 2006, Machine Learning 63.
    """

    kind = "forest"

    def __init__(self, trees: Trees) -> None:
        super().__init__()
        self.trees = trees

    @classmethod
    def fit(cls, mols: Sequence[Chem.Mol], values: Tensor, settings: FitSettings) -> Self:
        """Fit to N molecules and values [N]."""
        from sklearn.ensemble import ExtraTreesRegressor

        forest = ExtraTreesRegressor(NUM_TREES, max_features=0.1, random_state=settings.seed)
        forest.fit(fingerprints(mols)[0].folded(NUM_COUNTS).numpy(), values.numpy())
        return cls(Trees.of([tree.tree_ for tree in forest.estimators_]))

    def forward(self, molecules: Molecules) -> Estimate:
        """Predict B molecules."""
        said = self.trees(molecules.fingerprints.folded(NUM_COUNTS))
        return Estimate(said.mean(1).float(), said.std(1).float())

    def settings(self) -> Mapping[str, Any]:
        """The number that is no tensor."""
        return {"depth": self.trees.depth}

    @classmethod
    def rebuild(cls, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """What `settings` and `state_dict` were taken from."""
        trees = Trees(
            feature=tensors["trees.feature"],
            threshold=tensors["trees.threshold"],
            child=tensors["trees.child"],
            value=tensors["trees.value"],
            root=tensors["trees.root"],
            depth=settings["depth"],
        )
        return cls(trees)
