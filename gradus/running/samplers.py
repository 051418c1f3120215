"""What a finished run of a generative system can make: its sampler, read from the run's folder."""

from __future__ import annotations

import os
from pathlib import Path

from gradus.errors import GradusError
from gradus.files import user_path
from gradus.page import Concept
from gradus.running.own_files import CONFIG
from gradus.running.run_folder import ROOT, past_runs, read_config
from gradus.systems import System, keys, recipe_of
from gradus.systems.sampler import Sampler, kept
from gradus.text import Text


def sampler_of_run(concept: Concept | System, directory: str | os.PathLike[str] | None = None) -> Sampler:
    """What a finished run can make images with: by the weights of its first seed.

    Args:
        concept: the system.
        directory: the run's folder; None for the newest finished run of the system.

    Raises:
        GradusError: the system makes no images; no run, one of another system, or one that has not finished a seed.
        CheckpointError: the weights are damaged.
    """
    recipe = recipe_of(concept.area, concept.key)
    if recipe.sampler is None:
        names = ", ".join(key for key, area in keys().items() if recipe_of(area, key).sampler)
        raise GradusError(
            Text(
                f"{concept.key} makes no images; those that do: {names}",
                f"{concept.key} 不生成图像；能生成图像的系统：{names}",
            )
        )
    folder = _newest(concept.key) if directory is None else user_path(directory)
    config = read_config(folder / CONFIG)
    if not config:
        raise GradusError(
            Text(
                f"{folder} holds no run; `gradus run {concept.key}` makes one, `gradus runs` lists them",
                f"{folder} 中没有运行结果；`gradus run {concept.key}` 会产生一个，`gradus runs` 可列出",
            )
        )
    if config["system"] != concept.key:
        raise GradusError(
            Text(
                f"{folder} holds a run of {config['system']}, not of {concept.key}",
                f"{folder} 中是 {config['system']} 的运行，而非 {concept.key} 的",
            )
        )
    seeds = [folder / f"seed-{seed}" for seed in config["seeds"]]
    done = next((seed for seed in seeds if (seed / "state.json").is_file()), None)
    if done is None:
        raise GradusError(
            Text(
                f"the run in {folder} has not finished; go on with `gradus run {concept.key} --directory {folder} --resume`",
                f"{folder} 中的运行尚未完成；请用 `gradus run {concept.key} --directory {folder} --resume` 继续",
            )
        )
    tensors, settings = kept(done)
    try:
        return recipe.sampler(tensors, settings)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise GradusError(
            Text(
                f"{done}/state.json is of another version of the system ({type(error).__name__}: {error}); run it again",
                f"{done}/state.json 属于该系统的另一版本（{type(error).__name__}：{error}）；请重新运行",
            )
        ) from None


def _newest(key: str) -> Path:
    """The folder of the newest finished run.

    Raises:
        GradusError: there is none.
    """
    found = next((Path(row[0]) for row in past_runs(ROOT / key) if row[-1] == "finished"), None)
    if found is None:
        raise GradusError(
            Text(
                f"no finished run in {ROOT / key}; make one with `gradus run {key}`, or give its folder with --run",
                f"{ROOT / key} 中没有已完成的运行；请先 `gradus run {key}`，或用 --run 给出其文件夹",
            )
        )
    return found
