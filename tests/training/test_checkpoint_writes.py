"""A write that fails harms nothing: the checkpoint before stays whole, and the reason is said."""

import errno
import os
import resource
from pathlib import Path

import pytest
import torch
from failing_calls import Failing
from small_checkpoint import STATE, tensors

from gradus import GradusError
from gradus.training import load_checkpoint, save_checkpoint
from gradus.training.step_folder import sweep_orphans


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_the_nth_system_call_fails(tmp_path: Path, number: int) -> None:
    path = tmp_path / "step-00000001"
    save_checkpoint(path, tensors(), {"version": 0})
    for nth in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            failing = Failing(patch, nth, number)
            try:
                save_checkpoint(path, {"weight": torch.full((4,), float(nth))}, {"version": nth})
                error = None
            except GradusError as caught:
                error = caught
        version = load_checkpoint(path).state["version"]
        if not failing.failed:
            assert error is None and version == nth and nth > 8
            break
        assert error is not None and "\n" not in str(error)
        assert ("disk full" in str(error)) == (number == errno.ENOSPC)
        # Whole in either version: after the rename even a failing fsync of the folder leaves the new one.
        assert version in (0, nth) or version == nth - 1
        sweep_orphans(tmp_path)
        assert not list(tmp_path.glob("*.tmp"))
    else:
        pytest.fail("never ran through")


def test_a_file_size_limit_is_a_clear_error(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "a", tensors(), STATE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(GradusError, match="file size limit"):
            save_checkpoint(path, tensors(200), {"step": 13})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert load_checkpoint(path).state == STATE
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_called_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_checkpoint(tmp_path / "a", tensors(), STATE)
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda name, *rest: real("/dev/full" if str(name).endswith(".tmp") else name, *rest)
    )
    with pytest.raises(GradusError, match="disk full"):
        save_checkpoint(path, tensors(), {"step": 13})
    monkeypatch.undo()
    assert load_checkpoint(path).state == STATE


def test_no_permission_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GradusError, match="cannot write"):
        save_checkpoint(tmp_path / "file" / "a", {}, {})
