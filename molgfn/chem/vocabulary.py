"""The fragment vocabulary: what may be joined to what. Pure data; files are read in `io`."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

UNTYPED = ""


@dataclass(frozen=True)
class Fragment:
    """A molecule with attachment sites: atoms that may each carry one new single bond.

    `sites` are atom indices in the order of `smiles`, ascending. `site_types` has one name for each
    site; it is `UNTYPED` throughout when the vocabulary has no bonding rules. Where a vocabulary
    has cores, a molecule starts from one of them, and no other is added to it.
    """

    name: str
    smiles: str
    sites: tuple[int, ...]
    site_types: tuple[str, ...]
    is_core: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Fragments and the bonding rules between their site types.

    `rules` holds the unordered pairs (sorted tuples) of site types that may bond; None lets every
    site bond to every other.
    """

    name: str
    version: str
    source: str
    licence: str
    fragments: tuple[Fragment, ...]
    rules: frozenset[tuple[str, str]] | None = None

    def __len__(self) -> int:
        return len(self.fragments)

    @cached_property
    def cores(self) -> tuple[int, ...]:
        """Numbers of the fragments that are cores."""
        return tuple(f for f, fragment in enumerate(self.fragments) if fragment.is_core)

    @cached_property
    def addable(self) -> tuple[int, ...]:
        """Numbers of the fragments that may be added to others."""
        return tuple(f for f, fragment in enumerate(self.fragments) if not fragment.is_core)

    @property
    def first(self) -> tuple[int, ...]:
        """Numbers of the fragments that a molecule may start from."""
        return self.cores or self.addable

    def may_bond(self, first: str, second: str) -> bool:
        """Whether two site types may be joined by a bond."""
        return self.rules is None or (min(first, second), max(first, second)) in self.rules

    @cached_property
    def digest(self) -> str:
        """SHA-256 of fragments, sites, types, rules and cores: equal ones build equal molecules."""
        content: dict[str, object] = {
            "fragments": [[f.name, f.smiles, f.sites, f.site_types] for f in self.fragments],
            "rules": None if self.rules is None else sorted(self.rules),
        }
        if self.cores:
            content["cores"] = self.cores
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
