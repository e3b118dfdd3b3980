import pytest
from rdkit import Chem

from molgfn.chem.build import vocabulary_of
from molgfn.chem.covering import Covering
from molgfn.chem.cuts import CUTS, single_bonds
from molgfn.chem.fragmentation import pieces
from molgfn.chem.harvest import Harvest, cut_record, harvest
from molgfn.chem.records import Record
from molgfn.chem.unwanted import Limits
from molgfn.chem.vocabulary import Vocabulary

HEADER = {"name": "mine", "version": "1", "source": "test", "licence": "CC0-1.0"}


def cut(smiles: str) -> list[str]:
    return sorted(piece.smiles for piece in pieces(Chem.MolFromSmiles(smiles), single_bonds))


def of(*smiles: str, limits: Limits | None = None, cuts: str = "brics") -> Harvest:
    mols = [Chem.MolFromSmiles(one) for one in smiles]
    return harvest(mols, CUTS[cuts], limits or Limits())


def vocabulary(found: Harvest, **options: object) -> Vocabulary:
    return vocabulary_of(found, 50, **HEADER, **options)  # type: ignore[arg-type]


def test_single_bonds_of_rings_are_cut_first() -> None:
    assert cut("COc1ccc(-c2ccncc2)cc1") == ["CO", "c1ccccc1", "c1ccncc1"]
    assert cut("CC1(c2ccccc2)CCNCC1") == ["CC1CCNCC1", "c1ccccc1"]


def test_no_atom_is_cut_twice_at_single_bonds() -> None:
    for smiles in ("CC(C)(C)c1ccccc1", "FC(F)(F)F", "CCCCCCC", "CS(=O)(=O)NC"):
        mol = Chem.MolFromSmiles(smiles)
        ends = [
            atom
            for bond in map(mol.GetBondWithIdx, single_bonds(mol))
            for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        ]
        assert len(ends) == len(set(ends))


def test_nitro_groups_stay_whole() -> None:
    assert cut("O=[N+]([O-])c1ccccc1") == ["O=[NH+][O-]", "c1ccccc1"]


def test_a_vocabulary_of_single_bonds_builds_its_molecules() -> None:
    smiles = ["COc1ccc(-c2ccncc2)cc1", "CC(=O)NCc1ccccc1", "CCCC(C)C(N)=O"]
    covering = Covering(vocabulary(of(*smiles, cuts="single")))
    assert all(covering.cover(Chem.MolFromSmiles(one)).is_built for one in smiles)


def test_pieces_come_by_frequency() -> None:
    found = of("Cc1ccncc1", "Clc1ccccc1", "Cc1ccccc1")
    assert [f.smiles for f in vocabulary(found, by="frequency").fragments][:2] == ["C", "c1ccccc1"]


def test_by_frequency_molecules_with_an_unwanted_piece_lend_the_others() -> None:
    found = of("Clc1ccncc1", "Cc1ccc(OOC)cc1")
    assert "C" not in [f.smiles for f in vocabulary(found).fragments]
    assert "C" in [f.smiles for f in vocabulary(found, by="frequency").fragments]


@pytest.mark.parametrize(
    ("smiles", "limits", "reason"),
    [
        ("C[N+](C)(C)Cc1ccccc1", Limits(), "a net charge"),
        ("Clc1ccc(OOC)cc1", Limits(), "peroxide"),
        ("C[SiH2]c1ccc(C)cc1", Limits(keep=frozenset({"reactive"})), "unusual element"),
        ("Clc1ccccc1", Limits(max_atoms=5), "more than 5 heavy atoms"),
        ("Clc1ccccc1", Limits(min_atoms=2), "fewer than 2 heavy atoms"),
        ("Clc1ccc2ccccc2c1", Limits(max_rings=1), "more than 1 rings"),
        ("CC1CCCCCCCCCCC1", Limits(), "a ring of more than 7 atoms"),
        ("Cc1ccc([2H])cc1", Limits(), "an isotope or a radical"),
        ("Cc1ccc(*)cc1", Limits(), "an unknown atom"),
    ],
)
def test_unwanted_pieces_are_counted_with_their_reason(
    smiles: str, limits: Limits, reason: str
) -> None:
    found = of(smiles, limits=limits)
    assert found.whole == []
    assert reason in found.unwanted


@pytest.mark.parametrize(
    ("smiles", "kind"), [("C[n+]1ccc(Cl)cc1", "charged"), ("Clc1ccc(OOC)cc1", "reactive")]
)
def test_kinds_that_are_to_be_kept_are_kept(smiles: str, kind: str) -> None:
    limits = Limits(keep=frozenset({kind}))
    assert of(smiles, limits=limits, cuts="single").whole
    assert not of(smiles, cuts="single").whole


def test_limits_that_no_piece_satisfies_are_refused() -> None:
    with pytest.raises(ValueError, match="pieces of 9 to 5 heavy atoms"):
        Limits(min_atoms=9, max_atoms=5)
    with pytest.raises(ValueError, match="keep \\['nice'\\]"):
        Limits(keep=frozenset({"nice"}))


def test_salts_atom_numbers_and_repeats_of_a_file_are_one_molecule() -> None:
    found = Harvest()
    for row, smiles in enumerate(["Cl.Cc1ccccc1", "[CH3:1]c1ccccc1", "c1ccccc1C", "bad"], start=1):
        found.add_record(cut_record(Record(row, "", smiles), found.cuts.bonds))
    assert list(found.molecules) == ["Cc1ccccc1"]
    assert (found.num_salts, found.num_repeated) == (1, 2)
    assert found.unread == [(4, "'bad' is no SMILES")]
    assert len(found.whole) == 1
