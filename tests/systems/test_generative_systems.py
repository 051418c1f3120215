"""Generative systems: tiny runs repeat themselves and go on, their images are measured rightly, and `gradus sample` makes more."""

import json
import re

import numpy as np
import pytest
import torch

from gradus.cli.main import main
from gradus.data import load
from gradus.errors import GradusError
from gradus.running import run_system, system_of
from gradus.running.own_files import foreign_files
from gradus.running.samplers import sampler_of_run
from gradus.systems import SeedRequest, image_features, recipe_of, sample_quality
from gradus.systems.generative import dcgan, diffusion, flow_matching, vae
from gradus.systems.sample_pictures import sheet
from gradus.systems.sampler import Sampler, between

SMALL = {
    "diffusion": (
        diffusion,
        {"epochs": 2, "base_channels": 8, "times": 20, "sampling_steps": 2, "batch_size": 512},
    ),
    "flow-matching": (
        flow_matching,
        {"epochs": 2, "base_channels": 8, "sampling_steps": 2, "batch_size": 512},
    ),
    "dcgan": (dcgan, {"epochs": 2, "base_channels": 4, "latents": 3, "batch_size": 512}),
    "vae": (vae, {"epochs": 2, "units": 8, "latents": 3, "batch_size": 512}),
}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """The recipes at a size that takes a second or two."""
    for module, settings in SMALL.values():
        for name, value in settings.items():
            monkeypatch.setitem(module.SETTINGS["digits"], name, value)
    monkeypatch.setattr(sample_quality, "DRAWS", 2)
    monkeypatch.setattr(sample_quality, "MOST", 60)
    monkeypatch.setattr("gradus.systems.image_models.OF_A_SNAPSHOT", 60)
    monkeypatch.setattr(vae, "IMPORTANCE", (20, 10))
    monkeypatch.setattr(diffusion, "CHOICES", {"steps": (1,), "guidance": (2.0,)})
    monkeypatch.setattr(flow_matching, "CHOICES", {"steps": (1,), "guidance": ()})
    monkeypatch.setattr("gradus.systems.sampling_choices.OF_A_CHOICE", 40)


@pytest.fixture(scope="module")
def digits():
    return load("digits")


@pytest.mark.parametrize("key", list(SMALL))
def test_the_numbers_are_of_the_seed_alone_and_are_said_in_both_languages(key, tmp_path, digits):
    recipe = recipe_of("generative", key)
    first = recipe.train(digits, SeedRequest(3, None, directory=tmp_path / "a"))
    again = recipe.train(digits, SeedRequest(3, None, directory=tmp_path / "a", resume=True))
    assert first.measured == again.measured and first.score == again.score
    for text in recipe.findings([first.measured, again.measured]):
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
    names = [p.caption.en for p in first.pictures()]
    assert names == [p.caption.en for p in again.pictures()]  # those of earlier epochs were kept
    assert any("same noise" in name for name in names)
    for picture in first.pictures():
        assert all("<img" in picture.markup(lang) for lang in ("en", "zh"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of finished tiny runs of each system."""
    root = tmp_path_factory.mktemp("work") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        for module, settings in SMALL.values():
            for name, value in settings.items():
                patch.setitem(module.SETTINGS["digits"], name, value)
        patch.setattr(sample_quality, "DRAWS", 1)
        patch.setattr(sample_quality, "MOST", 40)
        patch.setattr("gradus.systems.image_models.OF_A_SNAPSHOT", 40)
        patch.setattr(vae, "IMPORTANCE", (5, 5))
        for module in (diffusion, flow_matching):
            patch.setattr(module, "CHOICES", {"steps": (), "guidance": ()})
        for key in SMALL:
            run_system(
                system_of(key), seeds=[0], directory=root / key / "digits-1", progress="silent", verify=False
            )
    return root


@pytest.mark.parametrize("key", list(SMALL))
def test_a_run_is_sampled_from(key, runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(runs.parent)
    folder, to = runs / key / "digits-1", tmp_path
    assert foreign_files(folder, of_run=True) == []  # --fresh may replace all of it
    assert main(["sample", key, "--n", "6", "--output", f"{to}/a.npy"]) == 0  # the newest finished run
    assert main(["sample", key, "--n", "4", "--output", f"{to}/b.npy", "--run", str(folder)]) == 0
    a, b = np.load(to / "a.npy"), np.load(to / "b.npy")
    assert a.shape == (6, 1, 8, 8) and a.dtype == np.float32 and 0 <= a.min() <= a.max() <= 1
    np.testing.assert_allclose(
        a[:4], b, atol=1e-5
    )  # the same noise makes the same image, however many there are
    assert main(["sample", key, "--n", "6", "--seed", "1", "--output", f"{to}/c.npy"]) == 0
    assert np.abs(np.load(to / "c.npy") - a).max() > 1e-3
    assert main(["sample", key, "--n", "2", "--between", "5", "--output", f"{to}/ways.png"]) == 0
    assert (to / "ways.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert main(["sample", key, "--lang", "zh", "--output", f"{to}/d.png"]) == 0
    assert "图像" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lenet"], "makes no images; those that do: dcgan, diffusion"),
        (["diffusion", "--run", "nowhere"], "holds no run"),
        (["diffusion", "--run", "{runs}/vae/digits-1"], "a run of vae, not of diffusion"),
        (
            ["diffusion", "--run", "{runs}/diffusion/digits-1", "--class", "10"],
            "expected a class among 0, 1, 2",
        ),
        (["vae", "--run", "{runs}/vae/digits-1", "--class", "3"], "takes no class"),
        (["vae", "--run", "{runs}/vae/digits-1", "--steps", "3"], "in one go"),
        (["vae", "--run", "{runs}/vae/digits-1", "--guidance", "3"], "no guidance"),
        (["diffusion", "--run", "{runs}/diffusion/digits-1", "--steps", "21"], "from 1 to 20 steps"),
        (["diffusion", "--run", "{runs}/diffusion/digits-1", "--steps", "0"], "from 1 to 20 steps"),
        (
            ["diffusion", "--run", "{runs}/diffusion/digits-1", "--guidance", "nan"],
            "--guidance: expected a number",
        ),
        (
            ["diffusion", "--run", "{runs}/diffusion/digits-1", "--n", "0"],
            "--n: expected a whole number from 1",
        ),
        (["diffusion", "--run", "{runs}/diffusion/digits-1", "--between", "1"], "--between"),
        (["diffusion", "--run", "{runs}/diffusion/digits-1", "--output", "a.gif"], "png"),
        (["diffusion"], "no finished run in runs/diffusion"),
        (["nothing"], "nothing"),
    ],
)
def test_mistakes_are_one_line(words, says, runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["sample", *(w.format(runs=runs) for w in words)]) == 2
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_run_of_another_version_or_a_damaged_one(runs, tmp_path):
    import shutil

    from gradus.training import save_checkpoint

    folder = tmp_path / "diffusion"
    shutil.copytree(runs / "diffusion" / "digits-1", folder)
    save_checkpoint(folder / "seed-0" / "state", {"x": torch.zeros(1)}, {"shape": [1, 8, 8]})
    with pytest.raises(GradusError, match="another version"):
        sampler_of_run(system_of("diffusion"), folder)
    (folder / "seed-0" / "state.json").write_text(json.dumps({}))
    with pytest.raises(GradusError):
        sampler_of_run(system_of("diffusion"), folder)
    (folder / "seed-0" / "state.json").unlink()
    with pytest.raises(GradusError, match="has not finished"):
        sampler_of_run(system_of("diffusion"), folder)


def test_real_images_are_worth_what_real_images_are_worth(digits):
    def draw(n, seed):
        chosen = np.random.default_rng(100 + seed).permutation(len(digits.train_inputs))[:n]
        return torch.from_numpy(digits.train_inputs[chosen]), torch.from_numpy(digits.train_targets[chosen])

    found = sample_quality.measured_quality(draw, digits)
    assert 0.6 < sample_quality.quotient(found) < 1.6
    assert found["accuracy"] > 0.97 and found["near"] == 1.0  # they are training images
    noise = sample_quality.measured_quality(lambda n, seed: (torch.rand(n, 1, 8, 8), None), digits)
    assert (
        sample_quality.quotient(noise) > 5 and noise["samples"]["recall"] < 0.2 and noise["accuracy"] is None
    )
    ones = digits.train_inputs[digits.train_targets == 1]
    alone = sample_quality.measured_quality(
        lambda n, seed: (torch.from_numpy(np.resize(ones, (n, 1, 8, 8))), None), digits
    )
    assert "modes are missing" in sample_quality.quality_findings([alone])[2].en


def test_the_classifier_is_the_same_each_time(digits):
    first = image_features.image_features(digits)
    image_features.image_features.cache_clear()
    assert image_features.image_features(digits).digest == first.digest and first.accuracy > 0.97
    features, classes = first(digits.test_inputs[:20])
    assert features.shape == (20, 84) and features.min() >= 0 and classes.shape == (20,)


def test_nearest_is_the_nearest():
    x, y = np.random.default_rng(0).normal(size=(2, 300, 1, 3, 3)).astype(np.float32)
    apart, which = sample_quality.nearest(x, y)
    every = np.sqrt(((x[:, None] - y[None]) ** 2).sum((2, 3, 4)))
    np.testing.assert_array_equal(which, every.argmin(1))
    np.testing.assert_allclose(apart, every.min(1), rtol=1e-5)


def test_the_way_between_keeps_to_the_lengths_of_noise():
    a, b = torch.randn(2, 500, generator=torch.Generator().manual_seed(0))
    way = between(a, b, 9)
    torch.testing.assert_close(way[0], a)
    torch.testing.assert_close(way[-1], b)
    lengths = way.norm(dim=1)
    torch.testing.assert_close(lengths, torch.linspace(float(a.norm()), float(b.norm()), 9))
    torch.testing.assert_close(between(a, a, 3), a.expand(3, -1))


def test_a_sheet_holds_each_image_once():
    x = np.random.default_rng(0).random((5, 1, 64, 64))
    whole = sheet(x, 3)
    assert whole.shape == (130, 196, 1)
    np.testing.assert_array_equal(whole[66:, 66:130, 0], np.rint(255 * x[4, 0]))


def test_noise_does_not_depend_on_how_much_is_drawn():
    made = Sampler((1, 2, 2), (37,), lambda noise, condition, steps, guidance: noise)
    torch.testing.assert_close(made.noise(3, 5), made.noise(50, 5)[:3], rtol=0, atol=0)
