"""Options that several commands share."""

import argparse
from pathlib import Path


def positive(text: str) -> int:
    """A whole number from 1, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return value


def add_sampling_options(parser: argparse.ArgumentParser) -> None:
    """What says which molecules are drawn, and how fast."""
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="C", help="what `molgfn fit` saved"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed draws the same molecules (default 0)"
    )
    parser.add_argument(
        "--beta",
        type=float,
        help="inverse temperature, for a policy that was trained at several (default the highest)",
    )
    parser.add_argument(
        "--batch-size", type=positive, default=256, help="molecules drawn at once (default 256)"
    )
    parser.add_argument(
        "--device", default="auto", help="such as cpu or cuda (default a GPU when there is one)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """How many processes compute descriptors."""
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes that compute descriptors; 1: none but this one (default one for each core)",
    )
