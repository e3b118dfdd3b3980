"""What a dataloader gives a GFlowNet: nothing but how many trajectories to play."""

from collections.abc import Iterator

import pytorch_lightning as pl
from torch.utils.data import DataLoader, IterableDataset


class _Rounds(IterableDataset[int]):
    """`batch_size`, `num_rounds` times or for ever."""

    def __init__(self, batch_size: int, num_rounds: int | None) -> None:
        self.batch_size, self.num_rounds = batch_size, num_rounds

    def __iter__(self) -> Iterator[int]:
        played = 0
        while self.num_rounds is None or played < self.num_rounds:
            yield self.batch_size
            played += 1


class TrajectoryBatches(pl.LightningDataModule):
    """Batches of fresh trajectories, for ever in training; the policy makes the data.

    Args:
        batch_size: trajectories of a training step on each rank.
        num_validation_batches, num_test_batches: batches of one validation or test run.
    Raises:
        ValueError: a size below 1.
    """

    def __init__(
        self, batch_size: int = 64, num_validation_batches: int = 4, num_test_batches: int = 16
    ) -> None:
        super().__init__()
        sizes = {
            "batch_size": batch_size,
            "num_validation_batches": num_validation_batches,
            "num_test_batches": num_test_batches,
        }
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"data.{name} = {size}: accepted are integers from 1")
        self.batch_size = batch_size
        self.num_validation_batches = num_validation_batches
        self.num_test_batches = num_test_batches

    def _loader(self, num_rounds: int | None) -> DataLoader[int]:
        return DataLoader(_Rounds(self.batch_size, num_rounds), batch_size=None)

    def train_dataloader(self) -> DataLoader[int]:
        return self._loader(None)

    def val_dataloader(self) -> DataLoader[int]:
        return self._loader(self.num_validation_batches)

    def test_dataloader(self) -> DataLoader[int]:
        return self._loader(self.num_test_batches)
