"""Structural alerts as a reward or a filter."""

from rdkit import Chem

from molgfn.chem.alerts import USUAL, alerts, catalogue
from molgfn.rewards.leaf import MoleculeLeaf
from molgfn.rewards.transforms import Step, Transform


class Alerts(MoleculeLeaf):
    """The number of structural alerts of named catalogues; none is wanted.

    Which ones they are tells `molgfn.chem.alerts.alerts`.

    Args:
        catalogues: of PAINS, BRENK, NIH, ZINC and CHEMBL; None: the first three.
        transform: of the number of alerts; None: 1 without an alert, else 0.
        floor: least score that is not raised to it; in (0, 1].
        name: of the component; None: `num_alerts`.
    Raises:
        ValueError: no such catalogue.
    """

    def __init__(
        self,
        catalogues: list[str] | None = None,
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        super().__init__(
            "num_alerts", name, Step(high=0) if transform is None else transform, floor
        )
        self.catalogues = tuple(USUAL if catalogues is None else catalogues)
        if not self.catalogues or len(set(self.catalogues)) < len(self.catalogues):
            raise ValueError(
                f"catalogues = {catalogues}: accepted is at least one, and each of them once"
            )
        for one in self.catalogues:
            catalogue(one)

    def measure(self, mol: Chem.Mol) -> float:
        return float(len(alerts(mol, self.catalogues)))
