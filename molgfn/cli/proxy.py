"""`molgfn proxy`: models of measured molecules, fitted to a table and asked about others."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molgfn.cli.folders import check_folder, write_folder
from molgfn.cli.options import positive
from molgfn.cli.predicting import predict
from molgfn.cli.telling import tell
from molgfn.proxy.options import MODELS, SPLITS, TASKS, FitOptions
from molgfn.proxy.scale import UNITS, Scale

if TYPE_CHECKING:
    from molgfn.proxy.measurements import Measurements

MARK = "model.json"

FIT_EXAMPLE = """\
example:
  molgfn proxy fit --input assay.csv --target pIC50 --output runs/proxy
  molgfn proxy fit --input chembl.csv --target "Standard Value" --unit nM --output runs/proxy

The input is CSV, TSV or text (any separator), SMI or SDF, also as .gz, or parquet. The folder gets
the model, its card, metrics.json with every model that was compared, data.csv with what was fitted,
and excluded.csv with every row that was not used and the reason.
"""
PREDICT_EXAMPLE = """\
example:
  molgfn proxy predict --model runs/proxy --input molecules.smi --output predicted.csv

A row for each record of the input, in its order: id, smiles, then TARGET_mean and TARGET_std for
each target, domain (from 0, a molecule that the model was fitted to, to 1, one that shares nothing
with any), and failure, the reason if a record has no prediction.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn proxy",
        description="Models of measured molecules, as rewards.",
        epilog=FIT_EXAMPLE.split("\n\n")[0]
        + "\n"
        + PREDICT_EXAMPLE.split("\n\n")[0].partition("\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_fit(verbs)
    _add_predict(verbs)
    return made


def _add_fit(verbs: Any) -> None:
    fit = verbs.add_parser(
        "fit",
        help="fit models to a table of measurements",
        description="Fit models to a table of measured molecules, and recommend one.",
        epilog=FIT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = FitOptions()
    fit.add_argument("--input", type=Path, required=True, metavar="F", help="the table")
    fit.add_argument("--output", type=Path, required=True, metavar="DIR", help="a new folder")
    fit.add_argument(
        "--target", nargs="+", default=[], metavar="COLUMN", help="measured values (default: guess)"
    )
    fit.add_argument("--smiles-column", metavar="COLUMN", help="structures (default: guess)")
    fit.add_argument(
        "--time-column", metavar="COLUMN", help="years or dates, for --split time (default: guess)"
    )
    fit.add_argument(
        "--unit", choices=UNITS, help="values are concentrations: fit -log10 of them in mol/L"
    )
    fit.add_argument("--log10", action="store_true", help="fit log10 of the values")
    fit.add_argument(
        "--task", choices=TASKS, default=default.task, help=f"default {default.task}: by the values"
    )
    fit.add_argument(
        "--split",
        choices=SPLITS,
        default=default.split,
        help=f"which molecules are tested on (default {default.split})",
    )
    fit.add_argument(
        "--test-share",
        type=float,
        default=default.test_share,
        metavar="X",
        help=f"share of the molecules that are tested on (default {default.test_share:g})",
    )
    fit.add_argument(
        "--seed", type=int, default=default.seed, help="of the split and the fit (default 0)"
    )
    fit.add_argument(
        "--members",
        type=positive,
        default=default.members,
        metavar="K",
        help=f"networks of an ensemble (default {default.members})",
    )
    fit.add_argument(
        "--models",
        nargs="+",
        choices=MODELS,
        default=default.models,
        metavar="KIND",
        help=f"those that are compared, of {', '.join(MODELS)} (default all)",
    )
    fit.add_argument(
        "--max-minutes",
        type=float,
        default=default.max_minutes,
        metavar="M",
        help=f"no step of training begins after them (default {default.max_minutes:g})",
    )
    fit.add_argument("--overwrite", action="store_true", help="replace a fitted folder")


def _add_predict(verbs: Any) -> None:
    predict = verbs.add_parser(
        "predict",
        help="predict the molecules of a file",
        description="Predict the molecules of a file with a fitted model.",
        epilog=PREDICT_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.add_argument(
        "--model", type=Path, required=True, metavar="DIR", help="what `molgfn proxy fit` wrote"
    )
    predict.add_argument("--input", type=Path, required=True, metavar="F", help="molecules")
    predict.add_argument(
        "--output", type=Path, required=True, metavar="F", help="ends in .csv or .parquet"
    )
    predict.add_argument("--smiles-column", metavar="COLUMN", help="structures (default: guess)")
    predict.add_argument("--overwrite", action="store_true", help="replace a file that exists")


def main(args: list[str]) -> int:
    """Run `molgfn proxy`."""
    options = parser().parse_args(args[1:])
    return {"fit": fit, "predict": predict}[options.verb](options)


def fit(options: argparse.Namespace) -> int:
    """From a table to a folder with a model."""
    asked = FitOptions(
        task=options.task,
        split=options.split,
        seed=options.seed,
        members=options.members,
        models=tuple(options.models),
        test_share=options.test_share,
        max_minutes=options.max_minutes,
    )
    scale = Scale(options.log10, options.unit)
    check_folder(options.output, MARK, options.overwrite)

    measurements = read_measurements(options, scale)
    for note in measurements.notes:
        tell(f"- {note}")

    from molgfn.proxy.fit import fit as fit_models

    fitted = fit_models(measurements, asked, tell)
    write_folder(options.output, fitted.save)
    print(f"written to {options.output}: read card.md, look at parity.png")
    return 0


def read_measurements(options: argparse.Namespace, scale: Scale) -> "Measurements":
    """The molecules of a table that can be used, and why others cannot."""
    from molgfn.proxy.columns import find_columns
    from molgfn.proxy.curate import curate
    from molgfn.proxy.table import read_table

    table = read_table(options.input)
    columns = find_columns(
        table,
        options.target,
        options.smiles_column,
        options.time_column,
        needs_time=options.split == "time",
    )
    return curate(table, columns, scale)
