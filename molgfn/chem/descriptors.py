"""What a chemist asks of a molecule first: who it is, and its numbers."""

from hashlib import sha256
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import QED, Crippen, Descriptors, rdMolDescriptors
from rdkit.Chem.Scaffolds import MurckoScaffold
from rdkit.Contrib.SA_Score import sascorer

from molgfn.chem.alerts import alerts


def identity(mol: Chem.Mol) -> dict[str, str]:
    """Names of a molecule: `id`, canonical `smiles`, `inchikey`.

    The id is a digest of the canonical SMILES: the same molecule has the same id in every run.
    """
    smiles = canonical_smiles(mol)
    return {"id": molecule_id(smiles), "smiles": smiles, "inchikey": inchikey(mol)}


def inchikey(mol: Chem.Mol) -> str:
    """Hash of the InChI; empty where there is none."""
    with rdBase.BlockLogs():
        return str(Chem.MolToInchiKey(mol))


def canonical_smiles(mol: Chem.Mol) -> str:
    """RDKit's canonical SMILES: equal for equal molecules."""
    return str(Chem.MolToSmiles(mol))


def molecule_id(smiles: str) -> str:
    """Stable id of a canonical SMILES: 48 bits of its SHA-256."""
    return f"MG-{sha256(smiles.encode()).hexdigest()[:12].upper()}"


def descriptors(mol: Chem.Mol) -> dict[str, Any]:
    """Columns of a candidate's row that follow from its structure alone.

    mw in g/mol; logp after Crippen; tpsa in square angstrom; qed in [0, 1]; sa from 1 (easy to
    make) to 10 (hard); alerts by name, see `molgfn.chem.alerts`; see `scaffold`.
    """
    return {
        "mw": Descriptors.MolWt(mol),
        "logp": Crippen.MolLogP(mol),
        "tpsa": rdMolDescriptors.CalcTPSA(mol),
        "hbd": rdMolDescriptors.CalcNumHBD(mol),
        "hba": rdMolDescriptors.CalcNumHBA(mol),
        "rotatable_bonds": rdMolDescriptors.CalcNumRotatableBonds(mol),
        "rings": rdMolDescriptors.CalcNumRings(mol),
        "qed": QED.qed(mol),
        "sa": sascorer.calculateScore(mol),
        "alerts": "; ".join(alerts(mol)),
        "scaffold": scaffold(mol),
    }


def scaffold(mol: Chem.Mol) -> str:
    """Canonical SMILES of the Bemis-Murcko scaffold, empty for an acyclic molecule."""
    return canonical_smiles(MurckoScaffold.GetScaffoldForMol(mol))
