"""The dispatcher: help, versions, unknown commands, and errors in one line."""

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import molgfn
from molgfn.cli import main as cli

HEAVY = ("torch", "rdkit", "pytorch_lightning", "pandas", "wandb", "numpy")


def modules_after(code: str) -> set[str]:
    """Names of the top-level packages that a fresh interpreter holds after running `code`."""
    script = f"import sys\ntry:\n{textwrap.indent(code, '    ')}\nexcept SystemExit: pass\n"
    script += "print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split())


def command(monkeypatch: pytest.MonkeyPatch, work: Any) -> list[list[str]]:
    """Replace `molgfn sample` by `work`; the list returned collects the arguments it gets."""
    seen: list[list[str]] = []
    module = ModuleType("fake_command")

    def run(args: list[str]) -> int:
        seen.append(args)
        return work()

    module.main = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fake_command", module)
    monkeypatch.setitem(cli.COMMANDS, "sample", cli.Command("fake_command", "a fake"))
    return seen


def failing(error: BaseException) -> Any:
    def work() -> int:
        raise error

    return work


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert modules_after("import molgfn").isdisjoint(HEAVY)


@pytest.mark.parametrize("args", [["--help"], *([name, "--help"] for name in cli.COMMANDS)])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    code = f"from molgfn.cli.main import main\nmain({args!r})"
    assert modules_after(code).isdisjoint(HEAVY)


@pytest.mark.parametrize("args", [["--help"], *([name, "--help"] for name in cli.COMMANDS)])
def test_help_shows_an_example(args: list[str]) -> None:
    result = subprocess.run([sys.executable, "-m", "molgfn", *args], capture_output=True, text=True)
    assert result.returncode == 0
    assert "example:\n  molgfn " in result.stdout


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in cli.COMMANDS if f"  {name} " not in shown] == []


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"molgfn {molgfn.__version__}\n"


def test_no_command_is_an_error_that_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "usage: molgfn COMMAND" in capsys.readouterr().err


def test_a_misspelt_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["smaple"]) == 2
    assert capsys.readouterr().err == (
        "molgfn: error: there is no command 'smaple'. Did you mean 'sample'?\n"
    )


def test_a_foreign_command_is_answered_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["xyzzy"]) == 2
    assert f"Commands are {', '.join(cli.COMMANDS)}." in capsys.readouterr().err


def test_the_exit_code_of_the_command_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, lambda: 7)
    assert cli.main(["sample"]) == 7


def test_the_command_gets_its_name_and_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = command(monkeypatch, lambda: 0)
    cli.main(["sample", "--num", "3", "--debug"])
    assert seen == [["sample", "--num", "3"]]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("num is -1:\n  it must be positive"), "num is -1: it must be positive"),
        (FileNotFoundError(2, "No such file or directory", "a.ckpt"), "a.ckpt: No such file or"),
        (OSError(28, "No space left on device", "a.csv"), "a.csv: No space left on device"),
    ],
)
def test_an_error_of_the_work_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    line: str,
) -> None:
    command(monkeypatch, failing(error))
    assert cli.main(["sample"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"molgfn: error: {line}")
    assert shown.count("\n") == 1


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, failing(ValueError("wrong")))
    with pytest.raises(ValueError, match="wrong"):
        cli.main(["sample", "--debug"])


def test_the_debug_variable_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, failing(ValueError("wrong")))
    monkeypatch.setenv("MOLGFN_DEBUG", "1")
    with pytest.raises(ValueError, match="wrong"):
        cli.main(["sample"])


def test_an_error_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, failing(TypeError("a bug")))
    with pytest.raises(TypeError, match="a bug"):
        cli.main(["sample"])


def test_an_interruption_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, failing(KeyboardInterrupt()))
    assert cli.main(["sample"]) == 130


def test_a_shipped_config_is_found_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = command(monkeypatch, lambda: 0)
    monkeypatch.chdir(tmp_path)
    cli.main(["sample", "-c", "quickstart"])
    assert Path(seen[0][2]).name == "quickstart.yaml"
    assert Path(seen[0][2]).is_file()
