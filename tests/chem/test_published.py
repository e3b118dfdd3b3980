import gzip
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from molgfn.chem.io import load_vocabulary
from molgfn.chem.published import BLOCKS, KNOWN_SHA256, PROXY, verify

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "download_seh.py"


@pytest.fixture(scope="module")
def download() -> ModuleType:
    spec = importlib.util.spec_from_file_location("download_seh", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_105_blocks_are_72_fragments_with_the_union_of_their_sites(seh_folder: Path) -> None:
    vocabulary = load_vocabulary("published")
    blocks = json.loads((seh_folder / BLOCKS).read_text())
    by_name = {fragment.name: fragment for fragment in vocabulary.fragments}
    assert len(vocabulary) == 72
    assert by_name.keys() == set(blocks["block_smi"].values())
    assert by_name["C1CCNCC1"].sites == (0, 1, 3)
    assert sum(len(fragment.sites) for fragment in vocabulary.fragments) == sum(
        len({a for n, s in blocks["block_smi"].items() if s == name for a in blocks["block_r"][n]})
        for name in by_name
    )


def test_published_fragments_bond_without_rules(seh_folder: Path) -> None:
    assert load_vocabulary("published").rules is None


def test_without_the_file_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOLGFN_SEH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"scripts/download_seh\.py"):
        load_vocabulary("published")


def test_a_changed_file_of_blocks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOLGFN_SEH", str(tmp_path))
    (tmp_path / BLOCKS).write_text('{"block_smi": {"0": "C"}, "block_r": {"0": [0]}}')
    with pytest.raises(ValueError, match=f"SHA-256 .*; accepted is {KNOWN_SHA256[BLOCKS]}"):
        load_vocabulary("published")


def test_a_file_without_known_checksum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no checksum of 'other\.gz' is known"):
        verify(tmp_path / "other.gz")


def test_local_copies_are_checked_and_taken_over(
    seh_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, download: ModuleType
) -> None:
    monkeypatch.setenv("MOLGFN_SEH", str(tmp_path / "cache"))
    assert download.main(["--from", str(seh_folder)]) == 0
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == sorted([BLOCKS, PROXY])
    assert len(load_vocabulary("published")) == 72


def test_a_wrong_checksum_is_refused_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    download: ModuleType,
) -> None:
    monkeypatch.setenv("MOLGFN_SEH", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.mkdir()
    (source / BLOCKS).write_text("{}")
    (source / PROXY).write_bytes(gzip.compress(b"no weights"))
    assert download.main(["--from", str(source)]) == 1
    assert "SHA-256" in capsys.readouterr().err
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_local_copy_is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    download: ModuleType,
) -> None:
    monkeypatch.setenv("MOLGFN_SEH", str(tmp_path / "cache"))
    assert download.main(["--from", str(tmp_path)]) == 1
    assert BLOCKS in capsys.readouterr().err
