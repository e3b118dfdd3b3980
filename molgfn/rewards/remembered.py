"""A reward that is computed once for each molecule."""

import sqlite3
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem

from molgfn.chem.descriptors import canonical_smiles
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.identity import identity
from molgfn.rewards.remembered_file import RememberedFile
from molgfn.rewards.rows import Row, rows_of, scores_of


class Remembered(Reward):
    """Another reward, asked only about molecules that it has not scored lately.

    Worth it where a space is small and the same molecules come again, and for slow rewards. The
    other reward must depend on nothing but the molecule, which is known by its canonical SMILES; a
    text, such as a peptide, is known by itself.
    `hits` counts objects that were remembered (or came twice in a batch), `misses` those that had
    to be asked about.

    Values in a file are read again only by the reward that `identity` says made them: other
    arguments, another version or another file of weights begin anew beside them. Failures are
    remembered in memory only, so that they are tried again after a restart.

    Args:
        reward: what computes.
        memory: how many molecules are remembered; the one asked for longest ago is forgotten first.
        file: where values are kept for the next run as well (SQLite); None: nowhere.
        on_disk: how many molecules the file may hold; the oldest give way.
    Raises:
        ValueError: memory or on_disk is below 1, or the file is something else.
        OSError: the file cannot be opened or made.
        TypeError: values are to be kept of a reward whose arguments no config could hold.
    """

    def __init__(
        self,
        reward: Reward,
        memory: int = 200_000,
        file: str | None = None,
        on_disk: int = 10_000_000,
    ) -> None:
        super().__init__()
        if memory < 1 or on_disk < 1:
            raise ValueError(
                f"memory = {memory} and on_disk = {on_disk}: accepted are integers from 1"
            )
        self.reward = reward
        self.memory = memory
        self.hits = self.misses = 0
        self._known: OrderedDict[str, Row] = OrderedDict()
        self._file = None if file is None else RememberedFile(Path(file), identity(reward), on_disk)

    @property
    def component_names(self) -> tuple[str, ...]:
        return self.reward.component_names

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score objects; what is neither a molecule nor a text is asked about every time."""
        names = [_name(one) or position for position, one in enumerate(objects)]
        position = {name: i for i, name in enumerate(names)}
        known = [name for name in position if isinstance(name, str)]
        found: dict[str | int, Row] = {n: self._known[n] for n in known if n in self._known}
        found |= self._read([name for name in known if name not in found]).items()
        new = {name: i for name, i in position.items() if name not in found}
        if new:
            scores = self.reward([objects[i] for i in new.values()])
            found |= zip(new, rows_of(scores), strict=True)
            self._write({name: found[name] for name in new if isinstance(name, str)})
        self.misses += len(new)
        self.hits += len(names) - len(new)
        self._keep({name: found[name] for name in known})
        return scores_of([found[name] for name in names])

    def _keep(self, rows: Mapping[str, Row]) -> None:
        for name, row in rows.items():
            self._known[name] = row
            self._known.move_to_end(name)
        while len(self._known) > self.memory:
            self._known.popitem(last=False)

    def _read(self, names: Sequence[str]) -> dict[str, Row]:
        try:
            return self._file.find(names) if self._file and names else {}
        except sqlite3.Error as error:
            self._go_on_without_file(error)
            return {}

    def _write(self, rows: Mapping[str, Row]) -> None:
        try:
            if self._file:
                self._file.keep(rows)
        except sqlite3.Error as error:
            self._go_on_without_file(error)

    def _go_on_without_file(self, error: sqlite3.Error) -> None:
        assert self._file is not None
        warnings.warn(f"{self._file.path} is used no longer: {error}", stacklevel=2)
        self._file = None


def _name(one: Any) -> str | None:
    if isinstance(one, str):
        return one
    return canonical_smiles(one) if isinstance(one, Chem.Mol) else None
