"""Scores on disk: a SQLite file that survives a restart, and a kill at any moment."""

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from molgfn.rewards.rows import Row

_FORMAT = 1
_WAIT_SECONDS = 60
_AT_ONCE = 500
_TABLE = """
CREATE TABLE IF NOT EXISTS scores (
    number INTEGER PRIMARY KEY,
    reward TEXT NOT NULL,
    smiles TEXT NOT NULL,
    log_reward REAL NOT NULL,
    components TEXT NOT NULL,
    UNIQUE (reward, smiles)
)
"""


class RememberedFile:
    """Rows of molecules by canonical SMILES, of one reward among those that share the file.

    Components are JSON. Every batch is a transaction: after a kill it is there whole or not at
    all. Several processes may use one file at a time; it belongs on a disk of their own machine.

    Args:
        path: of the file, which is made when it does not exist.
        reward: the identity of the reward: rows of another one are never read.
        most: rows that the file may hold; the oldest give way.
    Raises:
        ValueError: the file is something else.
        OSError: it cannot be opened or made.
    """

    def __init__(self, path: Path, reward: str, most: int) -> None:
        self.path, self._reward, self._most = path, reward, most
        try:
            self._database = sqlite3.connect(path, timeout=_WAIT_SECONDS)
        except sqlite3.OperationalError as error:
            raise OSError(f"the file of remembered rewards {path}: {error}") from error
        try:
            (kind,) = self._database.execute("PRAGMA user_version").fetchone()
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if kind != _FORMAT and (kind or tables):
                raise sqlite3.DatabaseError("it is a database of another kind")
            if self._database.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            with self._database:
                self._database.execute(_TABLE)
                self._database.execute(f"PRAGMA user_version = {_FORMAT}")
        except sqlite3.OperationalError as error:
            raise OSError(f"the file of remembered rewards {path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} is no file of remembered rewards: {error}") from error

    def find(self, smiles: Iterable[str]) -> dict[str, Row]:
        """The rows of those molecules that are known."""
        asked, found = list(smiles), {}
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            places = ",".join("?" * len(part))
            rows = self._database.execute(
                "SELECT smiles, log_reward, components FROM scores "
                f"WHERE reward = ? AND smiles IN ({places})",
                [self._reward, *part],
            )
            for name, log_reward, components in rows:
                known = {k: math.nan if v is None else v for k, v in json.loads(components).items()}
                found[name] = Row(log_reward, known)
        return found

    def keep(self, rows: Mapping[str, Row]) -> None:
        """Write rows of molecules that have a reward."""
        written = [
            (self._reward, name, row.log_reward, _as_json(row.components))
            for name, row in rows.items()
            if row.failure is None and math.isfinite(row.log_reward)
        ]
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO scores (reward, smiles, log_reward, components) "
                "VALUES (?, ?, ?, ?)",
                written,
            )
            self._database.execute(
                "DELETE FROM scores WHERE number <= (SELECT max(number) FROM scores) - ?",
                [self._most],
            )


def _as_json(components: Mapping[str, float]) -> str:
    known = {name: value if math.isfinite(value) else None for name, value in components.items()}
    return json.dumps(known, allow_nan=False)
