"""What a triage does, as a YAML file says it."""

from argparse import ArgumentError
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from molgfn.chem.alerts import catalogue
from molgfn.triage.candidate import MEASURED

PROPERTIES = (*MEASURED, "heavy_atoms")


@dataclass(frozen=True)
class Range:
    """From `min` to `max`, both included; None: no bound."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class TriageConfig:
    """The steps of a triage, in their order. None, or nothing, leaves a step out.

    Attributes:
        duplicates: of molecules with the same InChIKey only the best is kept.
        min_reward: least reward, at beta = 1.
        properties: column of `PROPERTIES` -> accepted range.
        alerts: catalogues of `molgfn.chem.alerts` of which no alert is accepted.
        max_ring_rarity: of the rarest ring system, see `molgfn.rewards.ring_systems.RingRarity`.
        ring_table: path of the table for that; None: the shipped one.
        reference: path of a file of molecules; gives the columns nearest_reference and
            nearest_similarity.
        novel: molecules of the reference are removed; stereo marks do not count.
        max_similarity: greatest Tanimoto similarity to the nearest reference.
        cluster_similarity: Tanimoto similarity from which on two molecules are neighbours in
            Butina's clustering, which gives the column cluster; None: no clusters.
        best_of_cluster, best_of_scaffold: how many of each are kept, by reward.
        diverse: how many molecules are kept, as unlike each other as possible, the best among them.
    Raises:
        ValueError: a value out of its range, or one that needs another that is not given.
    """

    duplicates: bool = True
    min_reward: float | None = None
    properties: dict[str, Range] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    max_ring_rarity: float | None = None
    ring_table: str | None = None
    reference: str | None = None
    novel: bool = True
    max_similarity: float | None = None
    cluster_similarity: float | None = 0.6
    best_of_cluster: int | None = None
    best_of_scaffold: int | None = None
    diverse: int | None = None

    def __post_init__(self) -> None:
        for name, bounds in self.properties.items():
            if name not in PROPERTIES:
                raise ValueError(f"properties has {name!r}: accepted are {', '.join(PROPERTIES)}")
            if None not in (bounds.min, bounds.max) and bounds.min > bounds.max:  # type: ignore
                raise ValueError(
                    f"properties: {name} has min = {bounds.min:g} above max = {bounds.max:g}"
                )
        for name in self.alerts:
            catalogue(name)
        for name in ("max_similarity", "cluster_similarity"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise ValueError(f"{name} = {value:g}: accepted is above 0 and at most 1, or null")
        for name in ("best_of_cluster", "best_of_scaffold", "diverse"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} = {value}: accepted are whole numbers from 1, or null")
        if self.max_similarity is not None and self.reference is None:
            raise ValueError("max_similarity needs a reference: the path of a file of molecules")
        if self.best_of_cluster is not None and self.cluster_similarity is None:
            raise ValueError("best_of_cluster needs clusters: give cluster_similarity")


def read_config(path: Path, overrides: Sequence[str] = ()) -> TriageConfig:
    """The triage of a YAML file.

    Args:
        overrides: options such as `--reference known.smi`, which win over the file.
    Raises:
        ValueError: an unknown key or a value that cannot be used, which is named.
    """
    from jsonargparse import ArgumentParser

    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_class_arguments(TriageConfig, None)
    try:
        made = parser.parse_args(["--config", str(path), *overrides])
        made.pop("config")
        given = parser.instantiate(made)
    except ArgumentError as error:
        raise ValueError(f"{path}: {error}") from error
    try:
        return TriageConfig(**given)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
