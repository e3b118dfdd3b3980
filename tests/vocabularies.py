"""Small vocabularies for tests, each with one difficulty."""

from molgfn.chem.vocabulary import Fragment, Vocabulary


def vocabulary(
    fragments: dict[str, tuple[int, ...]],
    types: dict[str, tuple[str, ...]] | None = None,
    rules: set[tuple[str, str]] | None = None,
) -> Vocabulary:
    """A vocabulary of `{smiles: sites}`."""
    return Vocabulary(
        name="test",
        version="1",
        source="made by hand",
        licence="MIT",
        fragments=tuple(
            Fragment(smiles, smiles, sites, types[smiles] if types else ("",) * len(sites))
            for smiles, sites in fragments.items()
        ),
        rules=None if rules is None else frozenset(rules),
    )


SYMMETRIC = vocabulary(
    {
        "c1ccccc1": (0, 1, 2, 3, 4, 5),
        "C1CC1": (0, 1, 2),
        "C1CNCCN1": (2, 5),
        "C": (0,),
        "F": (0,),
    }
)
"""Rings whose sites are all alike, as pairs or as triples."""

TYPED = vocabulary(
    {"c1ccncc1": (0, 1, 2), "NCC": (0, 2), "O": (0,), "CC": (0, 1)},
    types={
        "c1ccncc1": ("aryl", "aryl", "aryl"),
        "NCC": ("amine", "alkyl"),
        "O": ("hydroxyl",),
        "CC": ("alkyl", "alkyl"),
    },
    rules={("amine", "aryl"), ("alkyl", "hydroxyl"), ("alkyl", "aryl")},
)
"""Sites of four types, of which three pairs may bond."""

MULTIWAY = vocabulary(
    {
        "C": (0,),
        "CC": (0, 1),
        "CO": (0, 1),
        "C=O": (0,),
        "c1ccccc1": (0, 1, 2, 3, 4, 5),
        "Cc1ccccc1": (0, 4),
    }
)
"""Fragments that can be cut further, so that a molecule has several trees."""
