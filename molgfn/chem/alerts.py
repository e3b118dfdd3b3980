"""Structural alerts: which of RDKit's published catalogues object to a molecule, and for what."""

from collections.abc import Sequence
from functools import cache

from rdkit import Chem
from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams

CATALOGUES = ("PAINS", "BRENK", "NIH", "ZINC", "CHEMBL")
USUAL = ("PAINS", "BRENK", "NIH")


def alerts(mol: Chem.Mol, catalogues: Sequence[str] = USUAL) -> list[str]:
    """Names of the alerts of a molecule, such as "BRENK aniline", in the order of the catalogues.

    PAINS: frequent hitters of assays (Baell and Holloway 2010). BRENK: toxic, reactive or unstable
    groups (Brenk et al. 2008). NIH: problematic functional groups (Jadhav et al. 2010, Doveston et
    al. 2015).

    Raises:
        ValueError: no such catalogue.
    """
    return [
        f"{name} {entry.GetDescription()}"
        for name in catalogues
        for entry in catalogue(name).GetMatches(mol)
    ]


@cache
def catalogue(name: str) -> FilterCatalog:
    """One of RDKit's catalogues by its name.

    Raises:
        ValueError: no such catalogue.
    """
    if name not in CATALOGUES:
        raise ValueError(f"catalogue {name!r}: accepted are {', '.join(CATALOGUES)}")
    return FilterCatalog(getattr(FilterCatalogParams.FilterCatalogs, name))
