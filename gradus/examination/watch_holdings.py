"""Who holds which parameter: the model, its optimisers, nobody; what is frozen, cut off, tied, or changed by others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.examination.watch_scene import Judge, Scene, Step, listed, norms, ratio

FEW = 0.5  # of the layers: fewer frozen ones in the midst of trained ones are taken for a mistake


def held_by(optimizers: Iterable[Optimizer]) -> set[int]:
    """The identities of the parameters in their groups."""
    return {id(p) for o in optimizers for g in o.param_groups for p in g["params"]}


def module_of(name: str) -> str:
    """The layer of a parameter; the parameter itself where it is the model's own."""
    return name.rpartition(".")[0] or name


class Holdings(Judge):
    """Compares what the model has, what the optimisers hold, and what gets a gradient."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.tied: dict[frozenset[str], int] = {}
        self.waiting: set[str] = set()
        self.sizes: dict[int, float] = {}
        self.sized = 0  # after which step
        self.remember = 0
        self.judged = False

    def enters(self) -> None:
        """What is true before the first step."""
        self.tied = {names: key for key, names in self._shared().items() if len(names) > 1}
        mine = set(self.scene.names)
        if not self.scene.names:
            return
        for optimizer in self.scene.optimizers:
            if not held_by([optimizer]) & mine:
                self._others([optimizer], list(self.scene.names.values()))
        self._overlaps(self.scene.optimizers)
        self._copies()
        self._frozen()

    def _others(self, optimizers: Iterable[Optimizer], unheld: list[str]) -> None:
        strangers = [
            p
            for o in optimizers
            for g in o.param_groups
            for p in g["params"]
            if id(p) not in self.scene.names
        ]
        self.say(
            "other-parameters", listed(unheld),
            f"{len(strangers)} parameters of the optimizer are not the model's; {len(unheld)} of the model's {len(self.scene.names)} are held by no optimizer",
            f"优化器有 {len(strangers)} 个参数不属于模型；模型的 {len(self.scene.names)} 个参数中有 {len(unheld)} 个无优化器持有",
        )  # fmt: skip

    def _overlaps(self, optimizers: Iterable[Optimizer]) -> None:
        several = list(optimizers)
        for i, one in enumerate(several):
            for other in several[i + 1 :]:
                both = held_by([one]) & held_by([other])
                names = [name for key, name in self.scene.names.items() if key in both]
                if names:
                    kinds = f"{type(one).__name__} and {type(other).__name__}", f"{type(one).__name__} 与 {type(other).__name__}"  # fmt: skip
                    self.say(
                        "two-optimizers", listed(names),
                        f"{kinds[0]} both hold {len(names)} of the model's {len(self.scene.names)} parameters",
                        f"{kinds[1]} 都持有模型 {len(self.scene.names)} 个参数中的 {len(names)} 个",
                    )  # fmt: skip

    def _shared(self) -> dict[int, frozenset[str]]:
        names: dict[int, set[str]] = {}
        for name, p in self.scene.model.named_parameters(remove_duplicate=False):
            names.setdefault(id(p), set()).add(name)
        return {key: frozenset(several) for key, several in names.items()}

    def _copies(self) -> None:
        """Two parameters in one memory; an embedding and a dense layer that hold the same numbers."""
        places: dict[tuple[Any, ...], str] = {}
        for name, p in self.scene.parameters():
            if (
                p.is_meta
                or p.layout is not torch.strided
                or p.numel() < 2
                or not p.untyped_storage().nbytes()
            ):
                continue
            key = (p.device, p.data_ptr(), tuple(p.shape))
            if key in places:
                self._broken(places[key], name, f"two Parameters lie in one memory, {p.numel()} numbers", f"两个 Parameter 占用同一块内存，共 {p.numel()} 个数")  # fmt: skip
            places.setdefault(key, name)
        weights = {
            kind: [
                (f"{n}.weight".lstrip("."), m.weight)
                for n, m in self.scene.model.named_modules()
                if type(m) is kind
            ]
            for kind in (nn.Embedding, nn.Linear)
        }
        for one, table in weights[nn.Embedding]:
            for other, matrix in weights[nn.Linear]:
                apart = table is not matrix and table.shape == matrix.shape and table.device == matrix.device
                if apart and table.data_ptr() != matrix.data_ptr() and torch.equal(table, matrix) and bool((table != table.reshape(-1)[0]).any()):  # fmt: skip
                    self._broken(one, other, f"their {table.numel()} numbers are equal at the beginning", f"开始时二者的 {table.numel()} 个数完全相同")  # fmt: skip

    def _broken(self, one: str, other: str, en: str, zh: str) -> None:
        self.say("tie-broken", f"{one}, {other}", en, zh)

    def _frozen(self) -> None:
        layers: dict[str, bool] = {}
        for name, p in self.scene.parameters():
            layers[module_of(name)] = layers.get(module_of(name), False) or p.requires_grad
        order = list(layers)
        frozen = [name for name in order if not layers[name]]
        if not frozen or len(frozen) == len(order):
            return
        first_trained = next(i for i, name in enumerate(order) if layers[name])
        midst = [name for name in frozen if order.index(name) > first_trained]
        mistaken = midst and len(frozen) < FEW * len(order)
        self.say(
            "frozen", listed(midst if mistaken else frozen),
            f"{len(frozen)} of {len(order)} layers" + (", with trained ones before them" if mistaken else ", the first of the model" if not midst else ""),
            f"{len(order)} 层中有 {len(frozen)} 层" + ("，其前有训练的层" if mistaken else "，位于模型最前" if not midst else ""),
            level="warning" if mistaken else None,
        )  # fmt: skip

    def stranger(self, optimizer: Optimizer) -> None:
        """Compares its parameters."""
        self._overlaps([*self.scene.optimizers, optimizer])

    def gradients_ready(self, step: Step) -> None:
        """Looks at what the step uses."""
        if not step.passages or not self.scene.names:
            return
        if 0 < len(step.there) < len(step.held):
            missing = [
                n for n, p in step.named.items()
                if p.grad is None and p.requires_grad and id(p) in self.scene.names
            ]  # fmt: skip
            if missing:
                self._missing(missing)
        if step.number == 2 and not self.judged:
            self._unheld()
        if step.number in (1, 2, 5) or step.deep:
            self._ties(step)

    def _missing(self, names: list[str]) -> None:
        new = [n for n in names if n not in self.waiting]
        calls = self.scene.calls
        if not calls:
            if new:
                self.scene.listen = max(self.scene.listen, 1)
            return
        self.waiting.update(names)
        if not new:
            return
        silent = list(dict.fromkeys(map(module_of, names)))
        ran = [m for m in silent if m in calls]
        order = list(calls)
        trained = {module_of(n) for n, p in self.scene.parameters() if p.grad is not None}
        if ran:
            last = max(ran, key=order.index)
            asked = {module_of(n) for n, p in self.scene.parameters() if p.requires_grad}
            first = next((m for m in order if m in asked), None)
            whole_way = first in ran and any(
                order.index(m) > order.index(last) for m in trained if m in calls
            )
            without = [m for m in ran if not calls[m]]
            why = (
                (f"; gradients were off in {listed(without)}", f"；{listed(without)} 运行时未记录梯度")
                if without
                else ("", "")
            )
            self.say(
                "cut-off", last,
                f"{len(names)} parameters of {listed(ran)} ran and have no gradient, {len(trained)} other layers have one{why[0]}",
                f"{listed(ran)} 的 {len(names)} 个参数参与了计算而没有梯度，另有 {len(trained)} 层有梯度{why[1]}",
                level=None if whole_way else "warning",
            )  # fmt: skip
        idle = [m for m in silent if m not in calls]
        if idle and not ran:
            self.say("unused", listed(idle), f"{len(names)} gradients are None, and {listed(idle)} did not run", f"{len(names)} 个梯度为 None，且 {listed(idle)} 没有运行")  # fmt: skip

    def _unheld(self) -> None:
        """Gradients for nobody; asked when every optimiser has had its turn."""
        self.judged = True
        held = held_by([*self.scene.optimizers, *self.scene.others])
        self.scene.scan()
        parameters = self.scene.parameters()
        left = [n for n, p in parameters if p.grad is not None and id(p) not in held]
        if not left:
            return
        strangers = [
            p for o in self.scene.optimizers for g in o.param_groups for p in g["params"]
            if id(p) not in self.scene.names and p.grad is None
        ]  # fmt: skip
        if strangers:
            self._others(self.scene.optimizers, left)
            return
        order = [n for n, _ in parameters]
        at_the_beginning = left == order[: len(left)]
        self.say(
            "not-held", listed(left),
            f"{len(left)} of {len(order)} parameters have a gradient and are in no group of any optimizer",
            f"{len(order)} 个参数中有 {len(left)} 个有梯度，却不在任何优化器的参数组中",
            level="warning" if at_the_beginning else None,
        )  # fmt: skip

    def _ties(self, step: Step) -> None:
        if not self.tied:
            return
        now = {name: key for key, names in self._shared().items() for name in names}
        for names in list(self.tied):
            if len({now.get(name) for name in names}) > 1:
                del self.tied[names]
                one, other, *_ = sorted(names)
                self._broken(one, other, f"they were one parameter when the watch began, and are two at step {step.number}", f"监视开始时它们是同一个参数，到第 {step.number} 步已是两个")  # fmt: skip

    def step_begins(self, step: Step) -> None:
        """Looks at what has changed since the step before."""
        versions = self.scene.quick[step.which].versions
        if versions and versions != [p._version for p, _ in step.held]:
            self.remember = 3  # from now on the sizes are kept, so that a swap to and fro is no change
        if (
            not self.sizes
            or self.sized != step.number - 1
            or len(self.scene.optimizers) > 1
            or self.scene.others
        ):
            return
        moved = [
            (n, old, new)
            for n, (p, _), new in zip(step.names, step.held, step.sizes, strict=True)
            if (old := self.sizes.get(id(p), new)) != new and new == new and old == old
        ]
        if moved:
            name, old, new = max(moved, key=lambda m: abs(m[2] - m[1]))
            shrunk = all(new < old for _, old, new in moved)
            self.say(
                "changed-outside", listed([n for n, *_ in moved]),
                f"the norm of {name} was {ratio(old)} after step {step.number - 1} and is {ratio(new)} before step {step.number}; {len(moved)} of {len(step.held)} parameters differ",
                f"{name} 的范数在第 {step.number - 1} 步之后为 {ratio(old)}，到第 {step.number} 步之前为 {ratio(new)}；{len(step.held)} 个参数中有 {len(moved)} 个不同",
                level="note" if shrunk else None,
            )  # fmt: skip

    def step_ends(self, step: Step) -> None:
        """Looks at what the step has done."""
        held: list[Tensor] = [p for p, _ in step.held]
        self.sizes = {}
        if step.deep or self.remember:
            self.remember = max(0, self.remember - 1)
            self.sizes, self.sized = dict(zip(map(id, held), norms(held), strict=True)), step.number

    def leaves(self, steps: int) -> None:
        """What is known only at the end."""
        if steps and not self.judged:
            self._unheld()
