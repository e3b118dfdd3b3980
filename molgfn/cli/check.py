"""`molgfn check`: can a config be trained, is its reward any good, and what does it cost?"""

import argparse
import json
from pathlib import Path

from molgfn.cli.options import positive
from molgfn.cli.outputs import check_output, write_atomically

EXAMPLE = """\
example:
  molgfn check -c quickstart
  molgfn check -c quickstart --model.beta 64 --picture reward.png --output check.json

Makes everything as `molgfn fit` would, scores known and random molecules, shows how beta shifts
the reward, trains a few steps on the clock, and ends with one verdict. Nothing is left of it but
--picture and --output. Options that are not of this command override keys of the config, as for
fit. Exit code 0: it can be trained, perhaps with warnings; 1: it cannot, and why.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn check",
        description="Look at a config before it is trained.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "-c",
        "--config",
        action="append",
        required=True,
        metavar="CONFIG",
        help="a YAML file or a shipped one's name; a second one overlays the first",
    )
    made.add_argument("--output", type=Path, metavar="F", help="ends in .json: all of it as JSON")
    made.add_argument("--picture", type=Path, metavar="PNG", help="the reward's histograms")
    made.add_argument(
        "--num", type=positive, default=1000, help="random molecules scored (default 1000)"
    )
    made.add_argument("--steps", type=positive, default=10, help="steps measured (default 10)")
    made.add_argument(
        "--overwrite",
        nargs="?",
        const="true",
        choices=("true", "false"),
        default="false",
        help="replace files that exist; the run that is checked may replace another one too",
    )
    return made


def main(args: list[str]) -> int:
    """Run `molgfn check`.

    Returns:
        0 when the config can be trained, else 1; the reason is on the screen and in the JSON.
    """
    options, for_training = parser().parse_known_args(args[1:])
    overwrite = options.overwrite == "true"
    if options.output is not None:
        check_output(options.output, [".json"], overwrite)
    if options.picture is not None:
        check_output(options.picture, [".png"], overwrite)

    from molgfn.cli.preflight import Preflight, plain, told

    preflight = Preflight(options.config, [*for_training, "--overwrite", options.overwrite])
    try:
        preflight.run(options.num, options.steps, options.picture)
    except Exception as error:  # whatever stops training, the user's own code included
        preflight.refuse(told(error))
    preflight.conclude()
    if options.output is not None:
        text = json.dumps(plain(preflight.found), indent=2, allow_nan=False) + "\n"
        write_atomically(options.output, lambda part: part.write_text(text))
    return 1 if preflight.findings.refusals else 0
