"""Whether steps are taken at all, and whether they have anything to go by."""

from __future__ import annotations

from gradus.examination.watch_scene import Judge, Passage, Scene, Step

IN_A_ROW = 3  # steps without any gradient
PASSES = 5  # backward passes without a step: fewer may be the beginning of an accumulation


class Idle(Judge):
    """Counts backward passes, and steps of an optimiser none of whose parameters has a gradient."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.passes = 0
        self.empty: dict[int, int] = {}

    def backward_ends(self, passage: Passage) -> None:
        """Counts a pass."""
        self.passes += 1

    def gradients_ready(self, step: Step) -> None:
        """A pass that reaches others alone is right in turns of two models, but no step has its turn without one of its own."""
        idle = not step.there and bool(step.passages) and not step.closure
        count = self.empty[step.which] = self.empty.get(step.which, 0) + 1 if idle else 0
        if count == IN_A_ROW:
            self.say(
                "loss-without-model", "",
                f"at {count} steps in a row all {len(step.held)} gradients are None, though backward() reached other parameters",
                f"连续 {count} 步，{len(step.held)} 个梯度全为 None，而 backward() 到达了别的参数",
            )  # fmt: skip

    def leaves(self, steps: int) -> None:
        """What is known only at the end."""
        if not steps and self.passes >= PASSES:
            self.say("never-stepped", "", f"{self.passes} backward passes, and no call of step()", f"共 {self.passes} 次反向传播，没有调用过 step()")  # fmt: skip
