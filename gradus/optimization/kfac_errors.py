"""The errors of a step of K-FAC that its user can mend."""

from __future__ import annotations

from gradus.errors import GradusError
from gradus.optimization.kronecker_layers import Block
from gradus.text import Text


def scaled_loss() -> GradusError:
    """Empirical factors were asked for, and the loss is multiplied by a GradScaler."""
    return GradusError(
        Text(
            'KFAC: fisher="empirical" takes g from the loss\'s own backward pass, which a GradScaler multiplies by its scale; '
            'use fisher="sampled" or "exact", or no scaler (bfloat16 needs none)',
            'KFAC：fisher="empirical" 的 g 取自损失自身的反向传播，而 GradScaler 会将其乘以缩放因子；'
            '请使用 fisher="sampled" 或 "exact"，或不用 GradScaler（bfloat16 不需要它）',
        )
    )


def never_seen(block: Block) -> GradusError:
    """A block has a gradient, but no forward pass was watched."""
    return GradusError(
        Text(
            f"KFAC: {block.name} has a gradient, but its layer was in no forward pass of the model in training mode; "
            "call model.train() and the model itself before backward()",
            f"KFAC：{block.name} 有梯度，但其所在层未参与模型在训练模式下的前向计算；请在 backward() 之前调用 model.train() 和模型本身",
        )
    )
