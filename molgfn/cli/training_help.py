"""The short help of `molgfn fit`, `validate` and `test`; the full one is LightningCLI's."""

_SHARED = """\
  -c CONFIG                 a YAML file or a shipped one's name; a second one overlays the first
  --trainer.KEY VALUE       such as max_steps, accelerator, default_root_dir (the run's folder)
  --model.KEY VALUE         such as beta, learning_rate, reward, objective, backward
  --data.KEY VALUE          such as batch_size
  --seed_everything N       decides all random draws
  --ckpt_path C             a checkpoint to {checkpoint}
  --print_config            show the whole configuration and stop
"""

_FIT = """\
  --init_from C             begin with the policy of checkpoint C, whose reward, beta, objective,
                            size or vocabulary may be another; a run of its own
  --overwrite true          start anew in a folder that already holds a run
"""

_EXAMPLES = {
    "fit": """\
  molgfn fit -c quickstart
  molgfn fit -c quickstart --trainer.max_steps 5000 --trainer.default_root_dir runs/longer
  molgfn fit -c quickstart --ckpt_path runs/quickstart/checkpoints/last.ckpt
""",
    "validate": """\
  molgfn validate -c quickstart --ckpt_path runs/quickstart/checkpoints/last.ckpt
""",
    "test": """\
  molgfn test -c quickstart --ckpt_path runs/quickstart/checkpoints/last.ckpt
""",
}


def training_help(command: str, summary: str) -> str:
    """Help of one of the commands that LightningCLI runs.

    Args:
        command: fit, validate or test.
        summary: what it does.
    """
    options = _SHARED.format(checkpoint="continue" if command == "fit" else "measure")
    return f"""\
usage: molgfn {command} -c CONFIG [-c OVERLAY] [--KEY VALUE ...]

{summary[0].upper()}{summary[1:]}.

options:
{options}{_FIT if command == "fit" else ""}
example:
{_EXAMPLES[command]}
Every key and its default: molgfn {command} -c quickstart --help
"""
