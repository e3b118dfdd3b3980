"""Whether a molecule is built on a core."""

from rdkit import Chem


def is_on(core: str, mol: Chem.Mol) -> bool:
    """Whether a molecule is the core with anything, or hydrogen, at its stars and nowhere else.

    A core without stars may carry anything anywhere.
    """
    pattern = Chem.MolFromSmiles(core)
    if "*" in core:
        query = Chem.AdjustQueryParameters.NoAdjustments()
        query.makeDummiesQueries = True
        pattern = Chem.AdjustQueryProperties(Chem.AddHs(pattern), query)
        mol = Chem.AddHs(mol)
    return bool(mol.HasSubstructMatch(pattern))
