"""Small vocabularies that several chemistry tests share."""

from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary


def untyped(*cores: tuple[str, tuple[int, ...]]) -> Vocabulary:
    """A vocabulary without rules from (SMILES, sites) pairs."""
    return Vocabulary(
        name="small",
        version="1",
        source="test",
        licence="CC0-1.0",
        fragments=tuple(
            Fragment(smiles, smiles, sites, (UNTYPED,) * len(sites)) for smiles, sites in cores
        ),
    )


OVERLAPPING = untyped(
    ("c1ccccc1", (0, 1, 2, 3, 4, 5)),
    ("C", (0,)),
    ("CC", (0, 1)),
    ("Cc1ccccc1", (0, 4)),
    ("CNC=O", (0, 2)),
    ("c1ccc2ccccc2c1", (0, 2)),
)
