from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from molgfn.chem.io import load_vocabulary, save_vocabulary
from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary

HEADER = 'name: mine\nversion: "1"\nsource: test\nlicence: CC0-1.0\n'
PHENYL = "- {name: phenyl, smiles: c1ccccc1, sites: [0, 3]}\n"
TYPED = (
    "- {name: phenyl, smiles: c1ccccc1, sites: [0, 3], types: [aryl, aryl]}\n"
    "- {name: amine, smiles: CNC, sites: [1], types: [amine]}\n"
)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_typed_vocabulary_is_read_as_written(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "rules: [[aryl, amine]]\nfragments:\n" + TYPED)
    vocabulary = load_vocabulary(path)
    assert vocabulary.fragments[0] == Fragment("phenyl", "c1ccccc1", (0, 3), ("aryl", "aryl"))
    assert vocabulary.rules == {("amine", "aryl")}
    assert not vocabulary.may_bond("aryl", "aryl")


def test_without_rules_every_site_may_bond_to_every_other(tmp_path: Path) -> None:
    vocabulary = load_vocabulary(written(tmp_path, HEADER + "fragments:\n" + PHENYL))
    assert vocabulary.rules is None
    assert vocabulary.may_bond(UNTYPED, UNTYPED)


def test_sites_are_sorted_together_with_their_types(tmp_path: Path) -> None:
    entry = "- {name: a, smiles: CCO, sites: [2, 0], types: [oxygen, carbon]}\n"
    text = HEADER + "rules: [[oxygen, carbon]]\nfragments:\n" + entry
    (fragment,) = load_vocabulary(written(tmp_path, text)).fragments
    assert (fragment.sites, fragment.site_types) == ((0, 2), ("carbon", "oxygen"))


def test_smiles_that_yaml_would_read_as_a_boolean_stay_text(tmp_path: Path) -> None:
    text = HEADER + "fragments:\n- {name: NO, smiles: NO, sites: [0]}\n"
    assert load_vocabulary(written(tmp_path, text)).fragments[0].smiles == "NO"


def test_a_vocabulary_of_single_sites_is_accepted(tmp_path: Path) -> None:
    text = HEADER + "fragments:\n- {name: chloride, smiles: Cl, sites: [0]}\n"
    assert len(load_vocabulary(written(tmp_path, text))) == 1


def test_a_missing_file_is_named_with_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml.*'druglike', 'published'"):
        load_vocabulary(tmp_path / "nowhere.yaml")


def test_a_folder_is_no_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no file"):
        load_vocabulary(tmp_path)


BAD = {
    "empty file": ("", r"mine\.yaml is empty"),
    "comment only": ("# nothing\n", r"mine\.yaml is empty"),
    "malformed": ("name: [", r"mine\.yaml is malformed YAML"),
    "too deep": ("[" * 2000, r"mine\.yaml is malformed YAML"),
    "not text": (b"\xff\xfe\x00name", r"mine\.yaml is malformed YAML"),
    "repeated key": (HEADER + "name: twice\n", "a key is given twice"),
    "list": ("- a\n- b\n", "is no mapping"),
    "missing key": ("name: mine\n", "key 'version' is missing"),
    "unknown key": (HEADER + "color: red\nfragments:\n" + PHENYL, "unknown key 'color'"),
    "unknown fragment key": (
        HEADER + "fragments:\n- {name: a, smiles: C, sites: [0], colour: red}\n",
        "fragment 0: unknown key 'colour'",
    ),
    "no fragments": (HEADER + "fragments: []\n", r"key 'fragments': \[\] is empty"),
    "fragments no list": (HEADER + "fragments: C\n", "key 'fragments': 'C' is no list"),
    "site no number": (
        HEADER + "fragments:\n- {name: a, smiles: C, sites: [first]}\n",
        r"fragment 0 \('a'\), key 'sites': 'first' is no atom index",
    ),
    "negative site": (
        HEADER + "fragments:\n- {name: a, smiles: C, sites: [-1]}\n",
        "key 'sites': '-1' is no atom index",
    ),
    "empty name": (HEADER + "fragments:\n- {name: '', smiles: C, sites: [0]}\n", "key 'name': ''"),
    "duplicate names": (
        HEADER + "fragments:\n" + PHENYL + "- {name: phenyl, smiles: C, sites: [0]}\n",
        "fragment 'phenyl', key 'name': given twice",
    ),
    "duplicate molecules": (
        HEADER + "fragments:\n" + PHENYL + "- {name: b, smiles: C1=CC=CC=C1, sites: [0]}\n",
        "fragment 'b', key 'smiles': .* is the molecule of fragment 'phenyl'",
    ),
    "types without rules": (HEADER + "fragments:\n" + TYPED, "'aryl' without key 'rules'"),
    "rules without types": (
        HEADER + "rules: [[aryl, aryl]]\nfragments:\n" + PHENYL,
        "fragment 'phenyl', key 'types': missing",
    ),
    "wrong number of types": (
        HEADER + "rules: [[a, a]]\nfragments:\n- {name: b, smiles: CC, sites: [0, 1], types: [a]}",
        "key 'types': 1 types for 2 sites",
    ),
    "duplicated sites": (
        HEADER + "fragments:\n- {name: a, smiles: CC, sites: [0, 0]}\n",
        r"fragment 'a', key 'sites': \[0, 0\] repeats an atom",
    ),
    "rule about three": (
        HEADER + "rules: [[aryl, amine, aryl]]\nfragments:\n" + TYPED,
        "has 3 types; accepted is a pair",
    ),
    "rule given twice": (
        HEADER + "rules: [[aryl, amine], [amine, aryl]]\nfragments:\n" + TYPED,
        "key 'rules': .* is given twice",
    ),
    "rule about an unknown type": (
        HEADER + "rules: [[aryl, amine], [aryl, acyl]]\nfragments:\n" + TYPED,
        "key 'rules': .* mentions site type 'acyl'",
    ),
    "type that bonds with nothing": (
        HEADER + "rules: [[aryl, aryl]]\nfragments:\n" + TYPED,
        "fragment 'amine', key 'types': no rule lets site type 'amine' bond",
    ),
    "does not sanitize": (
        HEADER + "fragments:\n- {name: a, smiles: c1cccc1, sites: [0]}\n",
        "fragment 'a', key 'smiles': RDKit does not sanitize",
    ),
    "impossible valence": (
        HEADER + "fragments:\n- {name: a, smiles: C(C)(C)(C)(C)C, sites: [0]}\n",
        "RDKit does not sanitize",
    ),
    "several components": (
        HEADER + "fragments:\n- {name: a, smiles: C.C, sites: [0]}\n",
        "'C.C' has several components",
    ),
    "name behind the SMILES": (
        HEADER + "fragments:\n- {name: a, smiles: C methane, sites: [0]}\n",
        "'C methane' is no SMILES",
    ),
    "atom stereo": (
        HEADER + 'fragments:\n- {name: a, smiles: "C[C@H](N)O", sites: [0]}\n',
        "has stereo marks",
    ),
    "bond stereo": (
        HEADER + 'fragments:\n- {name: a, smiles: "C/C=C/C", sites: [0]}\n',
        "has stereo marks",
    ),
    "isotope": (
        HEADER + 'fragments:\n- {name: a, smiles: "[13CH4]", sites: [0]}\n',
        "has an isotope",
    ),
    "radical": (HEADER + 'fragments:\n- {name: a, smiles: "[CH3]", sites: [0]}\n', "is a radical"),
    "wildcard": (
        HEADER + 'fragments:\n- {name: a, smiles: "*C", sites: [1]}\n',
        "no heavy element",
    ),
    "without sites": (
        HEADER + "fragments:\n- {name: a, smiles: C, sites: []}\n",
        r"fragment 'a', key 'sites': \[\] is empty",
    ),
    "site out of range": (
        HEADER + "fragments:\n- {name: a, smiles: CC, sites: [2]}\n",
        "fragment 'a', key 'sites': 2 is no atom of 'CC'; accepted are 0 to 1",
    ),
    "site without hydrogen": (
        HEADER + "fragments:\n- {name: a, smiles: CC(C)(C)C, sites: [1]}\n",
        r"fragment 'a', key 'sites': atom 1 \(C\) of 'CC\(C\)\(C\)C' cannot take a bond",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_with_its_place(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load_vocabulary(written(tmp_path, text))
    assert "mine.yaml" in str(caught.value)


def test_what_would_be_refused_is_not_written(tmp_path: Path) -> None:
    fragment = Fragment("a", "C", (0,), (UNTYPED,))
    twice = Vocabulary("v", "1", "test", "CC0-1.0", (fragment, fragment))
    with pytest.raises(ValueError, match="given twice"):
        save_vocabulary(twice, tmp_path / "mine.yaml")
    assert list(tmp_path.iterdir()) == []


_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8
)
_CORES = st.sampled_from(["C", "CC", "NO", "c1ccccc1", "CNC=O", "c1cc[nH]c1", "O=[N+]([O-])CC"])


@st.composite
def _vocabularies(draw: st.DrawFn) -> Vocabulary:
    sites = {"O=[N+]([O-])CC": (3, 4), "c1cc[nH]c1": (0, 3), "CNC=O": (0, 2)}
    cores = draw(st.lists(_CORES, min_size=1, max_size=4, unique=True))
    names = draw(st.lists(_NAMES, min_size=len(cores), max_size=len(cores), unique=True))
    types = draw(st.none() | st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    fragments = []
    used: set[str] = set()
    for name, smiles in zip(names, cores, strict=True):
        atoms = sites.get(smiles, (0,))
        own = [draw(st.sampled_from(types)) if types else UNTYPED for _ in atoms]
        used.update(own)
        fragments.append(Fragment(name, smiles, atoms, tuple(own)))
    rules = None if types is None else frozenset((type_, type_) for type_ in used)
    return Vocabulary(draw(_NAMES), draw(_NAMES), "test", "CC0-1.0", tuple(fragments), rules)


@settings(deadline=None)
@given(_vocabularies())
def test_what_is_saved_is_loaded_unchanged(
    tmp_path_factory: pytest.TempPathFactory, vocabulary: Vocabulary
) -> None:
    path = tmp_path_factory.mktemp("round") / "mine.yaml"
    save_vocabulary(vocabulary, path)
    first = path.read_bytes()
    again = load_vocabulary(path)
    save_vocabulary(again, path)
    assert again == vocabulary
    assert path.read_bytes() == first


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
_KEYS = ("name", "version", "source", "licence", "rules", "fragments", "smiles", "sites", "types")


@settings(deadline=None)
@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
    | st.dictionaries(st.sampled_from(_KEYS), _VALUES).map(lambda d: yaml.safe_dump(d).encode())
    | _VALUES.map(lambda v: (HEADER + yaml.safe_dump({"fragments": [v]})).encode())
    | st.tuples(_VALUES, _VALUES, _VALUES).map(
        lambda v: (
            HEADER + yaml.safe_dump({"fragments": [{"name": v[0], "smiles": v[1], "sites": v[2]}]})
        ).encode()
    )
)
def test_garbage_is_refused_with_a_value_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("garbage"), content)
    assert "mine.yaml" in outcome(path)


def outcome(path: Path) -> str:
    """The message of a refusal; garbage that happens to be a vocabulary is told by its path."""
    try:
        load_vocabulary(path)
    except ValueError as error:
        return str(error)
    return str(path)
