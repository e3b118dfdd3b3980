"""What a command tells the person who waits for it."""

import sys


def tell(line: str) -> None:
    """Tell the user; standard output is for results."""
    print(line, file=sys.stderr, flush=True)
