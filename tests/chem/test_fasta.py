"""Reading peptides from FASTA: what is accepted, what is rejected, and where."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgfn.chem.fasta import Peptide, read_fasta, write_fasta
from molgfn.chem.peptides import AMINO_ACIDS


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    return tmp_path / "a.fasta"


def test_a_sequence_may_go_over_several_lines(fasta: Path) -> None:
    fasta.write_text(">first one\nACD\nEF\n\n>second\nGHI\n")
    peptides, rejected = read_fasta(fasta)
    assert peptides == [Peptide("first one", "ACDEF", 1), Peptide("second", "GHI", 5)]
    assert rejected == []


def test_lower_case_is_read_as_upper_case(fasta: Path) -> None:
    fasta.write_text(">a\nacDe\n")
    assert read_fasta(fasta)[0][0].sequence == "ACDE"


def test_windows_files_are_read(fasta: Path) -> None:
    fasta.write_bytes(b"\xef\xbb\xbf>a\r\nACD\r\nEF\r\n")
    assert read_fasta(fasta)[0] == [Peptide("a", "ACDEF", 1)]


@pytest.mark.parametrize("letter", ["-", "X", "B", "Z", "*", "U", ".", " ", "1"])
def test_a_record_with_another_letter_is_rejected_with_its_line(fasta: Path, letter: str) -> None:
    fasta.write_text(f">good\nACD\n>bad\nAC{letter}D\n")
    peptides, (rejected,) = read_fasta(fasta)
    assert [one.name for one in peptides] == ["good"]
    assert (rejected.line, rejected.name) == (3, "bad")
    assert f"letter {letter!r} at 3" in rejected.reason


@pytest.mark.parametrize(
    ("sequence", "reason"), [("", "the peptide is empty"), ("A" * 61, "61 amino acids")]
)
def test_a_record_of_impossible_length_is_rejected(fasta: Path, sequence: str, reason: str) -> None:
    fasta.write_text(f">good\nACD\n>bad\n{sequence}\n")
    assert reason in read_fasta(fasta)[1][0].reason


def test_a_repeated_sequence_names_the_first(fasta: Path) -> None:
    fasta.write_text(">a\nACD\n>b\nacd\n")
    peptides, (rejected,) = read_fasta(fasta)
    assert len(peptides) == 1
    assert rejected.reason == "the same sequence as 'a' in line 1"


def test_text_before_the_first_header_is_refused_with_its_line(fasta: Path) -> None:
    fasta.write_text("\nACDEF\n>a\nACD\n")
    with pytest.raises(ValueError, match=r"a\.fasta, line 2: 'ACDEF' stands before the first"):
        read_fasta(fasta)


@pytest.mark.parametrize("text", ["", "\n\n", ">a\n", ">a\nXXX\n"])
def test_a_file_without_a_usable_peptide_is_refused(fasta: Path, text: str) -> None:
    fasta.write_text(text)
    with pytest.raises(ValueError, match="holds no peptide that can be used"):
        read_fasta(fasta)


def test_a_file_that_is_no_text_is_refused(fasta: Path) -> None:
    fasta.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match="not text in UTF-8"):
        read_fasta(fasta)


@given(st.lists(st.text(AMINO_ACIDS, min_size=1, max_size=60), min_size=1, unique=True))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, sequences: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.fasta"
    write_fasta(path, ((f"p{i}", text) for i, text in enumerate(sequences)))
    assert [one.sequence for one in read_fasta(path)[0]] == sequences
