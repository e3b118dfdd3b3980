"""The `molgfn` command: finds the subcommand, imports only that, shows its errors in one line."""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import molgfn
from molgfn.cli.shipped import with_shipped_configs
from molgfn.cli.training_help import training_help

TRAINING = "molgfn.cli.fit"


@dataclass(frozen=True)
class Command:
    """A subcommand: `module.main(args)` does the work; `args[0]` is the subcommand's name."""

    module: str
    summary: str


COMMANDS = {
    "fit": Command(TRAINING, "train from a YAML config"),
    "validate": Command(TRAINING, "measure a checkpoint with the validation loop"),
    "test": Command(TRAINING, "measure a checkpoint with the test loop"),
    "sample": Command("molgfn.cli.sample", "draw candidates from a checkpoint"),
    "triage": Command("molgfn.cli.triage", "filter, cluster and choose candidates"),
    "report": Command("molgfn.cli.report", "candidates as one HTML file that opens in a browser"),
    "evaluate": Command("molgfn.cli.evaluate", "measure what a checkpoint draws, as JSON"),
    "score": Command("molgfn.cli.score", "score given molecules with the reward of a config"),
    "check": Command("molgfn.cli.check", "look at a config before it is trained: reward, cost"),
    "audit": Command("molgfn.cli.audit", "compare what a policy samples with what it should"),
    "proxy": Command("molgfn.cli.proxy", "fit a model to measured molecules, or ask one"),
    "fragments": Command("molgfn.cli.fragments", "make, measure or show a vocabulary of fragments"),
    "peptides": Command("molgfn.cli.peptides", "train a classifier of peptides from FASTA files"),
}

HELP = f"""\
molgfn {molgfn.__version__}: generative flow networks that build molecules fragment by fragment.

usage: molgfn COMMAND [options]

commands:
{chr(10).join(f"  {name:<10}{command.summary}" for name, command in COMMANDS.items())}

options:
  -h, --help   show this text; `molgfn COMMAND --help` shows that of a command
  --version    show the version
  --debug      show the traceback of an error (or set MOLGFN_DEBUG=1)

example:
  molgfn fit -c quickstart
  molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --num 100 --output best.csv
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `molgfn ARGV` and return its exit code: 0 only when the work was done.

    1 is an error of the work, 2 a command line that cannot be understood, 130 an interruption.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args or os.environ.get("MOLGFN_DEBUG", "0") not in ("", "0")
    args = [arg for arg in args if arg != "--debug"]
    if not args:
        print(HELP, end="", file=sys.stderr)
        return 2
    if args[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if args[0] == "--version":
        print(f"molgfn {molgfn.__version__}")
        return 0
    if args[0] not in COMMANDS:
        return _unknown(args[0])
    if COMMANDS[args[0]].module == TRAINING and args[1:] in (["-h"], ["--help"]):
        print(training_help(args[0], COMMANDS[args[0]].summary), end="")
        return 0
    try:
        return _run(args)
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130
    except (ValueError, OSError) as error:
        if debug:
            raise
        _complain(_in_one_line(error))
        return 1


def _run(args: list[str]) -> int:
    sys.path.append(os.getcwd())  # the user's own rewards and environments
    gc.disable()  # thousands of modules, and no garbage among them: a second of futile search
    try:
        module = importlib.import_module(COMMANDS[args[0]].module)
    finally:
        gc.enable()
    code: int = module.main(with_shipped_configs(args))
    return code


def _unknown(name: str) -> int:
    import difflib

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Commands are {', '.join(COMMANDS)}."
    _complain(f"there is no command {name!r}. {hint}")
    return 2


def _complain(message: str) -> None:
    print(f"molgfn: error: {message}", file=sys.stderr)


def _in_one_line(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
