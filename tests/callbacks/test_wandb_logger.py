"""Weights & Biases stays offline until it is asked, and never asks itself."""

import pytest

from molgfn.callbacks.wandb_logger import OfflineWandbLogger


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_MODE", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def mode_of(logger: OfflineWandbLogger) -> str:
    mode: str = logger._wandb_init["mode"]
    return mode


def test_the_mode_is_offline_by_default() -> None:
    assert mode_of(OfflineWandbLogger()) == "offline"


def test_the_environment_variable_sets_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert mode_of(OfflineWandbLogger()) == "disabled"


def test_the_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert mode_of(OfflineWandbLogger(mode="offline")) == "offline"


def test_a_key_alone_does_not_go_online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert mode_of(OfflineWandbLogger()) == "offline"


def test_online_without_a_key_is_an_error_and_not_a_prompt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path) + "/netrc")
    with pytest.raises(ValueError, match="there is no API key: run `wandb login`"):
        OfflineWandbLogger(mode="online")


def test_an_unknown_mode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "onlin")
    with pytest.raises(ValueError, match="'onlin'; accepted are offline, online and disabled"):
        OfflineWandbLogger()
