"""Configs are found by name."""

from pathlib import Path

import pytest

from molgfn.cli.shipped import find_config, names, with_shipped_configs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["quickstart", "quickstart.yaml", "configs/quickstart.yaml"])
def test_a_shipped_config_is_found_from_any_folder(name: str) -> None:
    found = Path(find_config(name))
    assert found.is_absolute()
    assert found.name == "quickstart.yaml"


def test_a_file_of_the_working_folder_wins(folder: Path) -> None:
    (folder / "quickstart").touch()
    assert find_config("quickstart") == "quickstart"


def test_an_unknown_config_names_the_shipped_ones() -> None:
    with pytest.raises(ValueError, match=r"'quickstrat' is neither .*quickstart"):
        find_config("quickstrat")


@pytest.mark.parametrize("flag", ["-c", "--config"])
def test_names_after_a_config_flag_are_replaced(flag: str) -> None:
    path = find_config("quickstart")
    assert with_shipped_configs(["fit", flag, "quickstart"]) == ["fit", flag, path]
    assert with_shipped_configs(["fit", f"{flag}=quickstart"]) == ["fit", f"{flag}={path}"]


def test_several_configs_are_each_replaced() -> None:
    args = with_shipped_configs(["fit", "-c", "quickstart", "-c", "debug"])
    assert [Path(arg).name for arg in args[2::2]] == ["quickstart.yaml", "debug.yaml"]


def test_other_arguments_stay_as_typed() -> None:
    args = ["sample", "--output", "quickstart", "--seed=3"]
    assert with_shipped_configs(args) == args


def test_the_promised_configs_are_shipped() -> None:
    assert {"debug", "gpu", "quickstart", "seh"} <= set(names())


def test_a_folder_of_the_same_name_does_not_hide_a_config(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "quickstart").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Path(find_config("quickstart")).name == "quickstart.yaml"


def test_an_unknown_config_names_those_of_the_command() -> None:
    with pytest.raises(ValueError, match=r"of this command \(triage\)"):
        with_shipped_configs(["triage", "-c", "gone"])
    with pytest.raises(ValueError, match=r"of this command \(.*quickstart.*\)") as error:
        with_shipped_configs(["fit", "--config=gone"])
    assert "triage" not in str(error.value)
