"""Substructures that the page's script finds are those that RDKit finds."""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from rdkit import Chem, RDConfig, rdBase

from molgfn.report.graphs import pack

QUERIES = (Path(__file__).parent / "queries.txt").read_text().split()
ODD = [
    "[2H]C([2H])O",
    "[Na+].[O-]C=O",
    "C[Se]C",
    "c1cc[se]c1",
    "[Fe+2]",
    "C[N+](C)(C)CC#[N+][O-]",
    "C1CC12CC2",
    "B(O)(O)c1ccccc1",
    "[H][H]",
    "CS(C)(C)C",
    "C[Hg]C",
    "C12C3C4C1C5C2C3C45",
    "[13CH3]C",
    "N->[Pt]Cl",
    "C",
    "[C-]#[O+]",
    "c1cc[te]c1",
    "C[Si](C)(C)C",
    "[NH4+].[Cl-]",
    "*CC",
    "C1CCCCCCCCCCC1",
]
REFUSED = [
    ("c1ccc", "ring 1 is opened and not closed"),
    ("C(=O", "( is opened and not closed"),
    ("C)C", ") closes what was not opened"),
    ("[CH2", "[ is opened and not closed"),
    ("C=", "a bond leads to no atom"),
    ("(C)C", "( has no atom before it"),
    ("C()C", "a branch begins with no atom"),
    ("Cc1ccc(=1)C", "a branch begins with no atom"),
    ("CC.N", "pieces with a dot between"),
    ("C[C@H](N)O", "stereo marks are not compared"),
    ("F/C=C/F", "stereo marks are not compared"),
    ("[13CH3]", "isotopes are not compared"),
    ("[CH3:1]", "numbers of atoms"),
    ("[$(C=O)]", "patterns within patterns"),
    ("[C;r{5-6}]", "ranges in braces"),
    ("[H]N", "hydrogens are counted"),
    ("[v4]", "v is not understood in brackets"),
    ("C=1CCC#1", "names a bond at both of its ends"),
    ("C12CC12", "bonded already"),
    ("aspirin", "i is no atom that stands without brackets"),
    ("C N", "a structure has no spaces"),
]


@pytest.fixture(scope="module")
def mols() -> list[Chem.Mol]:
    path = os.path.join(RDConfig.RDDataDir, "Pains/test_data/wehi_mols.csv")
    if not os.path.isfile(path):
        pytest.skip("this RDKit has no wehi_mols.csv")
    with open(path, encoding="utf-8") as lines:
        texts = [line.split(",")[0].strip('"') for line in lines][:600]
    return [Chem.MolFromSmiles(text) for text in (*texts, *ODD)]


@pytest.fixture(scope="module")
def script(browser: Any, mols: list[Chem.Mol]) -> Iterator[Any]:
    page = browser.new_page()
    for name in ("smarts.js", "match.js"):
        page.add_script_tag(content=(files("molgfn.report") / "web" / name).read_text())
    page.evaluate(
        "graphs => { window.graphs = graphs; window.library = molecules(graphs); }", pack(mols)
    )
    yield page
    page.close()


def test_the_script_finds_the_molecules_that_rdkit_finds(script: Any, mols: list[Chem.Mol]) -> None:
    assert len(QUERIES) > 200
    assert len(mols) > 600
    code = """texts => texts.map(text => {
      const {hits} = substructures(text, graphs, library);
      return library.atoms.map((_, i) => i).filter(i => hits[i]);
    })"""
    differences = {}
    for query, hits in zip(QUERIES, script.evaluate(code, QUERIES), strict=True):
        pattern = Chem.MolFromSmarts(query)
        expected = {i for i, mol in enumerate(mols) if mol.HasSubstructMatch(pattern)}
        if expected != set(hits):
            differences[query] = expected ^ set(hits)
    assert differences == {}


def test_a_molecule_lies_in_itself_and_not_in_what_lacks_one_atom(
    script: Any, mols: list[Chem.Mol]
) -> None:
    code = "([text, i]) => substructures(text, graphs, library).hits[i]"
    whole = [i for i in range(100) if "." not in Chem.MolToSmiles(mols[i])]
    assert len(whole) > 90
    for i in whole:
        text = Chem.MolToSmiles(mols[i], isomericSmiles=False)
        assert script.evaluate(code, [text, i]) == 1
        assert script.evaluate(code, [text + "~[Xe]", i]) == 0


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_is_not_understood_is_refused_with_a_reason(
    script: Any, text: str, reason: str
) -> None:
    code = """text => {
      try { parseSmarts(text, graphs.elements); return "accepted"; }
      catch (error) { return error instanceof SmartsError ? error.message : "a bug: " + error; }
    }"""
    assert reason in script.evaluate(code, text)


def test_what_rdkit_refuses_is_refused(script: Any) -> None:
    texts = [
        "C((C))C",
        "[C",
        "C]",
        "1CC1",
        "C11",
        "=C",
        "c1ccccc",
        "[Q]",
        "[]",
        "C%1C",
        "CC1CC(1C)C",
        "[C,]",
    ]
    with rdBase.BlockLogs():
        assert [Chem.MolFromSmarts(text) for text in texts] == [None] * len(texts)
    code = """texts => texts.filter(text => {
      try { parseSmarts(text, graphs.elements); return true; } catch { return false; }
    })"""
    assert script.evaluate(code, texts) == []


def test_what_is_highlighted_are_all_atoms_of_all_matches(
    script: Any, mols: list[Chem.Mol]
) -> None:
    code = """text => { const {hits, steps} = substructures(text, graphs, library);
      return Array.from(hits).map((hit, i) => hit
        ? [...highlighted(steps, library, i).atoms].sort((a, b) => a - b) : []); }"""
    for query in ("c1ccccc1", "C(=O)N", "[F,Cl,Br]"):
        pattern = Chem.MolFromSmarts(query)
        matches = [mol.GetSubstructMatches(pattern) for mol in mols]
        expected = [sorted({atom for match in found for atom in match}) for found in matches]
        assert script.evaluate(code, query) == expected


def test_a_structure_that_lies_in_too_many_ways_is_refused(script: Any) -> None:
    clique = Chem.RWMol()
    for atom in range(25):
        clique.AddAtom(Chem.Atom("C"))
        for other in range(atom):
            clique.AddBond(other, atom, Chem.BondType.SINGLE)
    clique.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(clique)
    code = """([graphs, text]) => {
      try { return substructures(text, graphs, molecules(graphs)).hits.length; }
      catch (error) { return error.message; }
    }"""
    assert script.evaluate(code, [pack([clique]), "*~*~*~*~*"]) == 1
    assert "too many ways" in script.evaluate(code, [pack([clique]), "*~*~*~*~*~*~*~*=*"])
