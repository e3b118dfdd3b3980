"""Substructures that are wanted or unwanted, given as SMARTS, with their counts."""

from rdkit import Chem, rdBase

from molgfn.rewards.leaf import MoleculeLeaf
from molgfn.rewards.transforms import Step, Transform


class _Matches(MoleculeLeaf):
    """A leaf that counts in how many places of a molecule SMARTS match."""

    def __init__(
        self,
        default_name: str,
        smarts: list[str],
        transform: Transform,
        floor: float,
        name: str | None,
    ) -> None:
        super().__init__(default_name, name, transform, floor)
        if not smarts:
            raise ValueError("smarts = []: accepted is at least one SMARTS")
        self.queries = [_query(one) for one in smarts]

    def measure(self, mol: Chem.Mol) -> float:
        """The number of different sets of atoms that match, summed over the SMARTS."""
        return float(sum(len(mol.GetSubstructMatches(query)) for query in self.queries))


class WantedSubstructure(_Matches):
    """The number of matches; at least one is wanted.

    Of several SMARTS any one will do; to want all of them, join several rewards, each with a name.

    Args:
        smarts: at least one.
        transform: of the number of matches; None: 1 from one match on, else 0.
        floor: least score that is not raised to it; in (0, 1].
        name: of the component; None: `wanted_matches`.
    Raises:
        ValueError: a SMARTS that RDKit cannot read.
    """

    def __init__(
        self,
        smarts: list[str],
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        usual = Step(low=1) if transform is None else transform
        super().__init__("wanted_matches", smarts, usual, floor, name)


class UnwantedSubstructure(_Matches):
    """The number of matches; none is wanted, of any of the SMARTS.

    Arguments and errors are those of `WantedSubstructure`; the component is `unwanted_matches`, and
    its usual score 1 without a match, else 0.
    """

    def __init__(
        self,
        smarts: list[str],
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        usual = Step(high=0) if transform is None else transform
        super().__init__("unwanted_matches", smarts, usual, floor, name)


def _query(smarts: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        query = Chem.MolFromSmarts(smarts)
    if query is None or query.GetNumAtoms() == 0:
        raise ValueError(f"smarts has {smarts!r}; accepted are SMARTS that RDKit reads")
    return query
