"""The vocabularies of the audits are what their card says."""

import re
from pathlib import Path

import pytest

from molgfn.chem.io import load_vocabulary
from molgfn.chem.resources import shipped
from molgfn.chem.vocabulary import Vocabulary
from molgfn.enumeration import enumerate_space
from molgfn.envs.fragments import FragmentEnvironment

ROW = re.compile(r"\| `(\w+)\.yaml` \|.*\| (\d) fragments \| ([\d,]+) \| ([\d,]+) \|")
CARD = ROW.findall(shipped("fragments/audit/README.md").read_text())


def parts(vocabulary: Vocabulary) -> set[tuple[str, tuple[int, ...], tuple[str, ...]]]:
    return {(f.smiles, f.sites, f.site_types) for f in vocabulary.fragments}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "largest", "trees", "molecules"), CARD, ids=lambda x: x)
def test_the_card_states_what_enumeration_finds(
    name: str, largest: str, trees: str, molecules: str
) -> None:
    space = enumerate_space(FragmentEnvironment(f"audit/{name}", 1, int(largest)))
    assert len(space.key) == int(trees.replace(",", ""))
    assert len(space.smiles) == int(molecules.replace(",", "")) >= 10_000


def test_the_card_names_every_vocabulary() -> None:
    files = sorted(path.stem for path in shipped("fragments/audit").glob("*.yaml"))
    assert sorted(name for name, *_ in CARD) == files


def test_the_druglike_part_is_a_part_with_all_rules_between_its_types() -> None:
    whole, part = load_vocabulary("druglike"), load_vocabulary("audit/druglike")
    assert parts(part) < parts(whole)
    types = {kind for fragment in part.fragments for kind in fragment.site_types}
    assert whole.rules is not None
    assert part.rules == {pair for pair in whole.rules if set(pair) <= types}


def test_the_published_part_is_a_part(seh_folder: Path) -> None:
    assert parts(load_vocabulary("audit/published")) < parts(load_vocabulary("published"))
