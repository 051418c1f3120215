"""Networks trained from scratch: without a framework; they learn, and go on exactly when interrupted."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from gradus.data import load, load_characters
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.systems import SeedRequest
from gradus.systems.foundations.from_scratch import training
from gradus.systems.foundations.from_scratch.counting import counted_bits
from gradus.systems.foundations.from_scratch.recipe import trained
from gradus.systems.foundations.from_scratch.settings import SETTINGS, TARGETS


def fitted(model, data, seed=0, **more):
    return trained(load_any(data), SeedRequest(seed, TARGETS[model][data], options={"model": model}, **more))


def test_the_training_loads_no_framework(tmp_path):
    """Not even to keep its state and to go on from it."""
    code = f"""
import sys
from pathlib import Path
from gradus.data import load
from gradus.systems import SeedRequest
from gradus.systems.foundations.from_scratch.recipe import train
options, directory = {{"model": "mlp"}}, Path({str(tmp_path)!r})
for resume in (False, True):
    result = train(load("digits"), SeedRequest(0, 0.95, directory, resume, epochs=1, options=options))
loaded = {{"torch", "jax", "tensorflow"}} & set(sys.modules)
assert not loaded, loaded
assert 0.5 < result.score <= 1
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_interrupted_and_resumed_equals_unbroken(tmp_path):
    whole = fitted("mlp", "digits", epochs=4, directory=tmp_path / "whole")
    calls = []

    def interrupted():
        """Stops in the third epoch, as Ctrl-C does."""
        real = training.loss_and_gradient

        def stop(*arguments):
            calls.append(1)
            if len(calls) == 110:
                raise KeyboardInterrupt
            return real(*arguments)

        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(training, "loss_and_gradient", stop)
            fitted("mlp", "digits", epochs=4, directory=tmp_path / "broken")

    interrupted()
    resumed = fitted("mlp", "digits", epochs=4, directory=tmp_path / "broken", resume=True)
    assert resumed.history == whole.history
    for key, value in whole.parameters.items():
        assert np.array_equal(resumed.parameters[key], value)
    (tmp_path / "broken" / "state.json").write_bytes(b"no state")
    with pytest.raises(GradusError, match="begin again"):
        fitted("mlp", "digits", epochs=4, directory=tmp_path / "broken", resume=True)


def test_mlp_reads_digits():
    scores = [fitted("mlp", "digits", s).history[-1]["validation_accuracy"] for s in range(3)]
    assert np.mean(scores) >= TARGETS["mlp"]["digits"]


@pytest.mark.slow
def test_lenet_reads_digits():
    assert fitted("lenet", "digits").history[-1]["validation_accuracy"] >= TARGETS["lenet"]["digits"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_characters_cost_fewer_bits_than_pairs(name):
    assert fitted(name, "alice").history[-1]["bits_per_character"] <= TARGETS[name]["alice"]


def test_the_target_is_what_counting_pairs_reaches():
    bits = counted_bits(load_characters("alice"))
    assert bits["uniform"] > bits["single"] > bits["pairs"] > bits["triples"]
    for name in ("lstm", "transformer"):
        assert TARGETS[name]["alice"] == pytest.approx(bits["pairs"], abs=0.005)


def test_counting_is_a_distribution_and_matches_a_loop():
    text = SimpleNamespace(alphabet="abc", train=np.array([0, 1, 0, 1, 1, 2, 0]), test=np.array([0, 1, 2]))
    p1 = {c: (n + 1) / (7 + 3) for c, n in zip(range(3), (3, 3, 1), strict=True)}
    pair = lambda a, b, n_ab, n_a, kinds: (n_ab + kinds * p1[b]) / (n_a + kinds)
    expected = -(np.log2(pair(0, 1, 2, 2, 1)) + np.log2(pair(1, 2, 1, 3, 3))) / 2
    assert counted_bits(text)["pairs"] == pytest.approx(expected, rel=1e-12)


def test_the_state_of_an_older_version_is_named_and_left_alone(tmp_path):
    state = tmp_path / "state.safetensors"
    state.write_bytes(b"older")
    request = SeedRequest(0, 0.9, tmp_path, True, "silent", 1, None, {"model": "mlp"})
    with pytest.raises(GradusError, match=r"older version.*--fresh"):
        trained(load("digits"), request)
    assert state.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]


def test_data_of_another_kind_are_refused():
    request = SeedRequest(0, 0.0, options={"model": "lstm"})
    with pytest.raises(
        GradusError, match="a network of characters is trained on alice, tinyshakespeare, not on digits"
    ):
        trained(load("digits"), request)


@pytest.mark.real_data
def test_the_target_on_tinyshakespeare(real_data):
    bits = counted_bits(load_characters("tinyshakespeare", real_data))
    assert TARGETS["lstm"]["tinyshakespeare"] == pytest.approx(bits["pairs"], abs=0.005)
    assert SETTINGS["lstm"].keys() == TARGETS["lstm"].keys()
