"""What a user's `setup()` returns, as the arguments of `examine`; and a checkpoint, loaded into its model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gradus.errors import GradusError, raised
from gradus.examination.examine import examine
from gradus.explanation.program import place_of
from gradus.text import Text
from gradus.training.tensor_file import decode, read_bytes
from gradus.verify.user_code import load_implementation

OPTIONS = tuple(inspect.signature(examine).parameters)
FORM = Text(
    "expected (model, loss, data), or a dict of examine's arguments",
    "应返回 (model, loss, data)，或 examine 参数的字典",
)


def called(path: str) -> Any:
    """Loads the file and calls the function.

    Raises:
        GradusError: there is no such file or function, or it raises.
    """
    setup = load_implementation(path)
    if not callable(setup):
        raise GradusError(Text(f"{path} is not callable; {FORM.en}", f"{path} 不可调用；{FORM.zh}"))
    try:
        return setup()
    except Exception as error:
        en, zh = raised(error)
        place = place_of(error)
        at = f" ({place})" if place else ""
        raise GradusError(Text(f"calling {path} {en}{at}", f"调用 {path} 时{zh}{at}")) from None


def arguments_of(path: str, value: Any = None) -> dict[str, Any]:
    """Loads the file, calls the function, and names what it returned, or what it has returned already.

    Raises:
        GradusError: there is no such file or function, it raises, or it returns something else.
    """
    value = called(path) if value is None else value
    if isinstance(value, tuple) and len(value) == 3:
        return dict(zip(("model", "loss", "data"), value, strict=True))
    if isinstance(value, Mapping):
        unknown = [str(k) for k in value if k not in OPTIONS]
        missing = [k for k in ("model", "loss", "data") if k not in value]
        if not unknown and not missing:
            return dict(value)
        near = get_close_matches(unknown[0], OPTIONS, 1) if unknown else []
        meant = Text(f"; {near[0]} may be meant", f"；也许本意是 {near[0]}") if near else Text("", "")
        en = (
            f"has {', '.join(unknown)}, which examine does not take{meant.en}"
            if unknown
            else f"lacks {', '.join(missing)}"
        )
        zh = (
            f"含有 examine 没有的参数 {'、'.join(unknown)}{meant.zh}"
            if unknown
            else f"缺少 {'、'.join(missing)}"
        )
        raise GradusError(Text(f"the dict of {path} {en}", f"{path} 的字典{zh}"))
    got = f"{len(value)}" if isinstance(value, tuple) else type(value).__name__
    tuple_en = "a tuple of " if isinstance(value, tuple) else ""
    raise GradusError(Text(f"{path}: {FORM.en}; got {tuple_en}{got}", f"{path}：{FORM.zh}；得到 {got}"))


def load_checkpoint(model: nn.Module, path: str) -> None:
    """Fills the model with the tensors of a safetensors file.

    Raises:
        GradusError: no such file, or tensors that are not the model's.
    """
    if not Path(path).is_file():
        raise GradusError(Text(f"no file {path}", f"没有文件 {path}"))
    try:
        state = decode(read_bytes(Path(path)))
    except GradusError as error:
        raise GradusError(Text(f"{path}: {error.text.en}", f"{path}：{error.text.zh}")) from None
    own = model.state_dict()
    missing, more = sorted(set(own) - set(state)), sorted(set(state) - set(own))
    # a tensor that a model holds under two names is written once
    missing = [
        k for k in missing if not any(own[k].data_ptr() == own[o].data_ptr() for o in state if o in own)
    ]
    shapes = [k for k in state if k in own and state[k].shape != own[k].shape]
    if missing or more or shapes:
        parts_en, parts_zh = [], []
        if missing:
            parts_en.append(f"lacks {', '.join(missing[:3])}")
            parts_zh.append(f"缺少 {'、'.join(missing[:3])}")
        if more:
            parts_en.append(f"has {', '.join(more[:3])} that the model has not")
            parts_zh.append(f"含有模型没有的 {'、'.join(more[:3])}")
        if shapes:
            k = shapes[0]
            parts_en.append(f"{k} is {tuple(state[k].shape)}, in the model {tuple(own[k].shape)}")
            parts_zh.append(f"{k} 的形状为 {tuple(state[k].shape)}，模型中为 {tuple(own[k].shape)}")
        raise GradusError(
            Text(
                f"{path} does not fit the model: {'; '.join(parts_en)}",
                f"{path} 与模型不符：{'；'.join(parts_zh)}",
            )
        )
    with torch.no_grad():
        model.load_state_dict(state, strict=False)
