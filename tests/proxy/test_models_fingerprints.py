"""Fingerprints as the models read them, and the similarities that they are compared by."""

import numpy as np
import torch
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from rdkit.DataStructs import TanimotoSimilarity

from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.similarity import Known

SMILES = ["CCCCCCO", "c1ccccc1C(=O)NCCN", "CC(C)(C)c1ccc(cc1)C#N", "O=C(O)CCC(=O)O", "CCO"]
MOLS = [Chem.MolFromSmiles(one) for one in SMILES]
GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


def min_max(a: Chem.Mol, b: Chem.Mol) -> float:
    """sum min / sum max of unfolded counts."""
    x, y = (GENERATOR.GetSparseCountFingerprint(mol).GetNonzeroElements() for mol in (a, b))
    pairs = [(x.get(key, 0), y.get(key, 0)) for key in {*x, *y}]
    return sum(map(min, pairs)) / sum(map(max, pairs))


def test_folded_counts_are_those_of_rdkit() -> None:
    ours = fingerprints(MOLS)[0].folded(2048).numpy()
    theirs = np.stack([GENERATOR.GetCountFingerprintAsNumPy(mol) for mol in MOLS])
    assert (ours == theirs).all()


def test_similarity_with_counts_is_shared_over_all() -> None:
    known = Known.of(fingerprints(MOLS[:3])[0], counted=True)
    found = known(fingerprints(MOLS)[0])
    expected = [[min_max(a, b) for b in MOLS[:3]] for a in MOLS]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_similarity_without_counts_is_the_tanimoto_similarity_of_rdkit() -> None:
    known = Known.of(fingerprints(MOLS[:3])[0], counted=False)
    bits = [GENERATOR.GetSparseFingerprint(mol) for mol in MOLS]
    expected = [[TanimotoSimilarity(a, b) for b in bits[:3]] for a in bits]
    torch.testing.assert_close(known(fingerprints(MOLS)[0]), torch.tensor(expected))


def test_a_molecule_that_cannot_be_read_fails_alone_and_shifts_no_other() -> None:
    raw = Chem.MolFromSmiles("CCO", sanitize=False)
    mixed, failures = fingerprints([MOLS[0], None, raw, Chem.Mol(), MOLS[1]])
    assert failures == {
        1: "no molecule",
        2: "the molecule is not sanitized",
        3: "the molecule has no atoms",
    }
    alone = fingerprints([MOLS[0], MOLS[1]])[0].folded(64)
    assert (mixed.folded(64)[[0, 4]] == alone).all()
    assert not mixed.folded(64)[[1, 2, 3]].any()


def test_an_unreadable_molecule_is_similar_to_nothing() -> None:
    known = Known.of(fingerprints(MOLS)[0], counted=True)
    assert not known(fingerprints([None])[0]).any()


def test_nothing_is_read_of_no_molecules() -> None:
    prints, failures = fingerprints([])
    assert prints.folded(8).shape == (0, 8)
    assert not failures
