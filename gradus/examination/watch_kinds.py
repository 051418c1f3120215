"""The silent faults of a training loop, as data: how bad each is, what it is called, what to do, which pages teach it."""

from __future__ import annotations

from typing import NamedTuple

from gradus.examination.verdicts import Level
from gradus.examination.watch_kinds_of_steps import OF_STEPS
from gradus.text import Text


class Kind(NamedTuple):
    """One fault that a watch knows.

    Attributes:
        level: as which it is named unless the case is milder.
        statement: what is the matter; `{place}` is where.
        advice: what to do.
        pages: keys of the concepts that teach it.
    """

    level: Level
    statement: Text
    advice: Text
    pages: tuple[str, ...]


OF_GRADIENTS: dict[str, Kind] = {
    "not-zeroed": Kind(
        "fault",
        Text("gradients are not zeroed: the step uses those of earlier steps again ({place})", "梯度没有清零：这一步又用上了以前各步的梯度（{place}）"),
        Text("call optimizer.zero_grad() before each step's backward pass, on the optimizer that holds these parameters", "每一步反向传播之前，对持有这些参数的优化器调用 optimizer.zero_grad()"),
        ("sgd", "gradient-descent"),
    ),
    "zeroed-before-step": Kind(
        "fault",
        Text("gradients are zeroed between the backward pass and the step, which then changes nothing by them ({place})", "梯度在反向传播之后、更新之前被清零，这一步因而没有用上它们（{place}）"),
        Text("call zero_grad() before backward() or after step(), not between the two", "请在 backward() 之前或 step() 之后调用 zero_grad()，不要放在两者之间"),
        ("sgd", "gradient-descent"),
    ),
    "gradient-used-twice": Kind(
        "fault",
        Text("a step uses the gradient of the step before again, without a backward pass between ({place})", "两步之间没有反向传播，这一步又用了上一步的梯度（{place}）"),
        Text("call step() once after each backward pass", "每次反向传播之后只调用一次 step()"),
        ("sgd", "gradient-descent"),
    ),
    "accumulation-not-divided": Kind(
        "warning",
        Text("the gradients of several batches are added and not averaged", "多个批次的梯度只是相加，没有取平均"),
        Text("divide each loss by the number of batches before backward(); with batches of unequal size, by the share of the samples", "在 backward() 之前把每个损失除以批次数；批次大小不等时按样本所占比例加权"),
        ("sgd", "large-batch"),
    ),
    "loss-scale-left": Kind(
        "fault",
        Text("the loss was scaled for half precision, and the step uses the gradient without unscaling it", "为半精度放大了损失，而更新时梯度没有还原"),
        Text("call scaler.step(optimizer) and scaler.update() in place of optimizer.step()", "请用 scaler.step(optimizer) 与 scaler.update() 代替 optimizer.step()"),
        ("floating-point", "sgd"),
    ),
    "no-loss-scale": Kind(
        "warning",
        Text("gradients are computed in float16 without scaling the loss ({place})", "在 float16 中计算梯度而没有放大损失（{place}）"),
        Text("use torch.amp.GradScaler, or bfloat16, whose range is that of float32", "请使用 torch.amp.GradScaler，或改用范围与 float32 相同的 bfloat16"),
        ("floating-point",),
    ),
    "loss-without-model": Kind(
        "fault",
        Text("the loss does not depend on any parameter that the optimizer holds: no gradient came", "损失不依赖于优化器所持有的任何参数：没有梯度传来"),
        Text("look for detach(), .data, .item(), torch.no_grad() or a new tensor between the model's output and the loss", "请在模型输出与损失之间查找 detach()、.data、.item()、torch.no_grad() 或新建的张量"),
        ("reverse-mode", "chain-rule"),
    ),
    "loss-detached": Kind(
        "fault",
        Text("backward() was called on a loss that carries no gradient", "对不带梯度的损失调用了 backward()"),
        Text("the model ran under torch.no_grad(), all its parameters are frozen, or its output was detached", "模型在 torch.no_grad() 中运行、参数全部冻结，或输出被分离（detach）"),
        ("reverse-mode",),
    ),
    "never-stepped": Kind(
        "warning",
        Text("gradients are computed, and no step is taken", "计算了梯度，却从未更新参数"),
        Text("call optimizer.step() after backward(), on the optimizer that is watched", "请在 backward() 之后对所监视的优化器调用 optimizer.step()"),
        ("sgd", "gradient-descent"),
    ),
    "clipped-always": Kind(
        "warning",
        Text("clipping cuts the gradient to less than a tenth at every step: its length is always the bound's", "每一步裁剪都把梯度缩到不足十分之一：其长度总等于上限"),
        Text("raise the bound to what a usual gradient measures here, or lower the learning rate and drop it: as it is, the step's length is the learning rate times the bound", "把上限提高到此处梯度的通常大小，或降低学习率而去掉裁剪；目前步长就是学习率乘以上限"),
        ("gradient-clipping",),
    ),
    "non-finite-gradient": Kind(
        "fault",
        Text("a gradient is not finite although the loss is ({place})", "损失有限而梯度不是有限数（{place}）"),
        Text("look for a function with an infinite slope just there: a root or a norm at 0, a division, where() around a forbidden branch; torch.autograd.detect_anomaly() names its line", "请在该处查找斜率为无穷的函数：在 0 处的平方根或范数、除法、用 where() 遮住的非法分支；torch.autograd.detect_anomaly() 会指出所在的行"),
        ("reverse-mode", "gradient-check", "stable-evaluation"),
    ),
    "non-finite-forward": Kind(
        "fault",
        Text("the loss is not finite; the first number that is not stands {place}", "损失不是有限数；第一个非有限的数出现在{place}"),
        Text("mend it where it begins: check the batch, the argument of a logarithm, a root or a division there, and the size of the last step", "请从源头修正：检查该批数据、该处对数、根号或除法的参数，以及上一步的大小"),
        ("floating-point", "stable-evaluation"),
    ),
}  # fmt: skip

OF_HOLDINGS: dict[str, Kind] = {
    "other-parameters": Kind(
        "fault",
        Text("the optimizer holds other parameters than the model's ({place})", "优化器持有的不是模型的参数（{place}）"),
        Text("make the optimizer after the model has its final layers, from model.parameters(); do not copy the model or replace layers afterwards", "请在模型的层全部确定之后用 model.parameters() 创建优化器；此后不要再复制模型或替换层"),
        ("sgd",),
    ),
    "not-held": Kind(
        "fault",
        Text("a gradient is computed for parameters that no optimizer holds ({place})", "为没有优化器持有的参数计算了梯度（{place}）"),
        Text("add them to a group of the optimizer; if they are meant to stay, set requires_grad_(False), which saves their gradient", "请把它们加入优化器的参数组；若有意不训练，则设 requires_grad_(False)，可省去其梯度"),
        ("sgd",),
    ),
    "frozen": Kind(
        "note",
        Text("parameters are frozen ({place})", "有参数被冻结（{place}）"),
        Text("if that is not meant, set requires_grad_(True) before the optimizer is made", "若非有意，请在创建优化器之前设 requires_grad_(True)"),
        ("backprop-mlp",),
    ),
    "cut-off": Kind(
        "fault",
        Text("no gradient comes back to layers that ran: the way back ends at {place}", "有的层参与了前向计算却没有梯度传回：反向到 {place} 为止"),
        Text("look behind it for detach(), .data, numpy(), torch.no_grad(), or for an output that the loss does not use", "请在其后查找 detach()、.data、numpy()、torch.no_grad()，或损失没有用到的输出"),
        ("reverse-mode", "chain-rule"),
    ),
    "unused": Kind(
        "note",
        Text("the optimizer holds parameters that took no part in the step ({place})", "优化器持有未参与这一步的参数（{place}）"),
        Text("if they should, call their layer in forward()", "若应当参与，请在 forward() 中调用相应的层"),
        ("reverse-mode",),
    ),
    "two-optimizers": Kind(
        "warning",
        Text("two optimizers change the same parameters ({place})", "两个优化器更新同一些参数（{place}）"),
        Text("give each parameter to one optimizer, and different rates as its groups", "每个参数只交给一个优化器；不同的学习率用参数组表示"),
        ("optimizers", "sgd"),
    ),
    "tie-broken": Kind(
        "fault",
        Text("weights that were shared, or begin as copies, are two parameters now ({place})", "本应共享（或由复制得来）的权重现在是两个参数（{place}）"),
        Text("tie them by assigning the Parameter itself, decoder.weight = encoder.weight, after all loading and initialising, and make the optimizer then", "请在加载与初始化之后直接赋值参数本身：decoder.weight = encoder.weight，然后再创建优化器"),
        ("embedding",),
    ),
    "changed-outside": Kind(
        "warning",
        Text("something else than the optimizer changes the parameters between steps ({place})", "两步之间有优化器以外的代码改变了参数（{place}）"),
        Text("look for load_state_dict, copy_, an initialisation or .data between the steps; the optimizer's momentum knows nothing of it", "请在两步之间查找 load_state_dict、copy_、初始化或 .data；优化器的动量对此一无所知"),
        ("sgd", "momentum"),
    ),
}  # fmt: skip

KINDS: dict[str, Kind] = OF_GRADIENTS | OF_HOLDINGS | {name: Kind(*row) for name, row in OF_STEPS.items()}
