"""What a vocabulary consists of, in numbers."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rdkit import Chem

from molgfn.chem.groups import orbits, site_group
from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary


def statistics(vocabulary: Vocabulary) -> dict[str, Any]:
    """Numbers of fragments, by size, rings and sites; of sites, by type.

    Returns:
        `num_symmetric` are the fragments whose symmetry relates some of their sites; `num_kinds` is
        the number of sites that no symmetry relates; `types` has each site type -> its sites.
    """
    mols = [Chem.MolFromSmiles(fragment.smiles) for fragment in vocabulary.fragments]
    types = Counter(one for fragment in vocabulary.fragments for one in fragment.site_types)
    return {
        "name": vocabulary.name,
        "version": vocabulary.version,
        "source": vocabulary.source,
        "licence": vocabulary.licence,
        "digest": vocabulary.digest,
        "num_fragments": len(vocabulary),
        "num_sites": sum(len(fragment.sites) for fragment in vocabulary.fragments),
        "num_kinds": sum(num_kinds(fragment) for fragment in vocabulary.fragments),
        "num_symmetric": sum(num_kinds(f) < len(f.sites) for f in vocabulary.fragments),
        "num_single_site": sum(len(fragment.sites) == 1 for fragment in vocabulary.fragments),
        "num_charged": sum(Chem.GetFormalCharge(mol) != 0 for mol in mols),
        "num_rules": None if vocabulary.rules is None else len(vocabulary.rules),
        "heavy_atoms": _histogram(Counter(mol.GetNumHeavyAtoms() for mol in mols)),
        "rings": _histogram(Counter(mol.GetRingInfo().NumRings() for mol in mols)),
        "sites": _histogram(Counter(len(fragment.sites) for fragment in vocabulary.fragments)),
        "types": {one: number for one, number in types.most_common() if one != UNTYPED},
    }


def num_kinds(fragment: Fragment) -> int:
    """How many sites of a fragment no symmetry relates."""
    return max(orbits(site_group(fragment), len(fragment.sites))) + 1


def _histogram(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(value): counts[value] for value in sorted(counts)}
