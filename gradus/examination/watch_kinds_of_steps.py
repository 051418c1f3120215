"""The faults of steps, signals and batches, as data: level, statement, advice, pages (see `watch_kinds.Kind`)."""

from __future__ import annotations

from gradus.examination.verdicts import Level
from gradus.text import Text

OF_STEPS: dict[str, tuple[Level, Text, Text, tuple[str, ...]]] = {
    "diverging": (
        "fault",
        Text("the loss rises: the steps are too large", "损失上升：步长过大"),
        Text("divide the learning rate by ten; descent is stable up to 2/λ, λ the largest eigenvalue of the Hessian", "把学习率除以十；梯度下降在步长不超过 2/λ 时稳定，λ 为黑塞矩阵的最大特征值"),
        ("gradient-descent", "hessian-spectrum", "schedules"),
    ),
    "step-too-large": (
        "fault",
        Text("a step changes the weights by as much as they measure", "一步对权重的改变与权重本身一样大"),
        Text("lower the learning rate: a usual step changes weights by about a thousandth", "请降低学习率：通常一步约改变权重的千分之一"),
        ("gradient-descent", "schedules", "adam"),
    ),
    "lost-in-rounding": (
        "fault",
        Text("the step is lost in rounding: it is below the spacing of the weights' numbers ({place})", "更新在舍入中丢失：小于权重所在浮点数的间距（{place}）"),
        Text("keep the weights in float32 and compute under torch.autocast; or round stochastically", "权重用 float32 保存，计算放在 torch.autocast 中；或使用随机舍入"),
        ("floating-point",),
    ),
    "nothing-moves": (
        "fault",
        Text("the steps are too small: nothing moves", "步长过小：权重几乎不动"),
        Text("raise the learning rate, tenfold at a time, until the loss falls within a few steps", "请把学习率每次提高十倍，直到损失在几步之内下降"),
        ("gradient-descent", "schedules"),
    ),
    "zero-rate": (
        "fault",
        Text("the learning rate is 0", "学习率为 0"),
        Text("look at the schedule: its last value, or a warm-up that is never stepped", "请检查学习率计划：是否已到末尾，或预热从未推进"),
        ("schedules",),
    ),
    "decay-dwarfs": (
        "warning",
        Text("weight decay dwarfs the gradient: the weights only shrink", "权重衰减压过梯度：权重只在缩小"),
        Text("lower weight_decay; in AdamW a step shrinks weights by the learning rate times it", "请减小 weight_decay；在 AdamW 中每步把权重缩小学习率与它之积那么多"),
        ("adamw", "regularization"),
    ),
    "epsilon-dominates": (
        "warning",
        Text("Adam's ε is larger than the gradient's root mean square: the step is no longer scaled by it", "Adam 的 ε 大于梯度的均方根：步长不再按梯度缩放"),
        Text("lower eps, or scale the loss up; as it is, the step is the gradient times the learning rate over ε", "请减小 eps，或放大损失；目前的更新就是梯度乘以学习率除以 ε"),
        ("adam",),
    ),
    "scheduler-first": (
        "warning",
        Text("the scheduler was stepped before the first step of the optimizer: the first learning rate is skipped", "在优化器的第一步之前就推进了学习率计划：第一个学习率被跳过"),
        Text("call optimizer.step() first, then scheduler.step()", "请先调用 optimizer.step()，再调用 scheduler.step()"),
        ("schedules",),
    ),
    "scheduler-still": (
        "note",
        Text("a scheduler was made, and the learning rate never changed", "创建了学习率计划，而学习率从未改变"),
        Text("call scheduler.step(), after each step or each epoch as its schedule counts", "请按其计数方式在每步或每轮之后调用 scheduler.step()"),
        ("schedules",),
    ),
    "dead-units": (
        "fault",
        Text("most ReLUs are dead after {place}: they put out 0 on all samples, and learn no more", "{place} 之后的多数 ReLU 已死：对所有样本都输出 0，不再学习"),
        Text("lower the learning rate or warm it up, scale the inputs, initialise by He's rule, or use a leaky slope", "请降低学习率或预热，缩放输入，按 He 方法初始化，或使用带泄漏的斜率"),
        ("relu", "leaky-relu", "he", "signal-propagation"),
    ),
    "saturated": (
        "fault",
        Text("the {function} after {place} is saturated: its slope is almost 0 almost everywhere", "{place} 之后的 {function} 已饱和：斜率几乎处处接近 0"),
        Text("make the weights or the inputs smaller (Xavier's rule), normalise before it, or use another activation", "请减小权重或输入（Xavier 方法），在其前归一化，或换用别的激活函数"),
        ("sigmoid", "tanh", "xavier", "signal-propagation"),
    ),
    "vanishing": (
        "fault",
        Text("gradients vanish on the way back to {place}", "梯度在传回 {place} 的途中消失"),
        Text("use residual connections, normalisation, another activation or initialisation", "请使用残差连接、归一化，或换用激活函数与初始化方法"),
        ("signal-propagation", "residual", "initialization"),
    ),
    "exploding": (
        "fault",
        Text("gradients explode on the way back to {place}", "梯度在传回 {place} 的途中爆炸"),
        Text("initialise with a smaller scale, clip by the norm, use gates, residual connections or normalisation", "请用较小的初始化，按范数裁剪，使用门控、残差连接或归一化"),
        ("signal-propagation", "gradient-clipping", "initialization"),
    ),
    "zero-gradient": (
        "fault",
        Text("the gradient of {place} is exactly 0", "{place} 的梯度恰为 0"),
        Text("look for dead units behind it, a factor 0, a comparison, a rounding or an argmax on the way to the loss", "请在其后查找死亡单元、因子 0，以及通往损失途中的比较、取整或 argmax"),
        ("reverse-mode", "relu"),
    ),
    "attention-one-hot": (
        "fault",
        Text("attention after {place} is one-hot on nearly every row: its softmax has no slope", "{place} 之后的注意力几乎每一行都是独热的：其 softmax 没有斜率"),
        Text("divide the scores by the root of the head's width, normalise queries and keys, or initialise them smaller", "请把分数除以头宽度的平方根，归一化查询与键，或减小其初始化"),
        ("attention", "softmax"),
    ),
    "attention-uniform": (
        "fault",
        Text("attention after {place} is uniform on every row: it averages, whatever the queries", "{place} 之后的注意力每一行都是均匀的：无论查询为何都只是平均"),
        Text("look at the scale of the scores, a mask that hides all, and queries or keys of zeros", "请检查分数的缩放、是否遮住了一切的掩码，以及全零的查询或键"),
        ("attention", "softmax"),
    ),
    "features-collapsed": (
        "fault",
        Text("the features that enter {place} have collapsed to one direction", "进入 {place} 的特征已坍缩到一个方向"),
        Text("add skip connections or normalisation, and look at the objective: without negatives or a stop of the gradient, constants are optimal", "请加入跳跃连接或归一化，并检查目标函数：没有负样本或停止梯度时，常数即为最优"),
        ("pca", "layer-norm", "residual"),
    ),
    "constant-output": (
        "fault",
        Text("the model puts out the same for all samples of a batch", "模型对一个批次的所有样本输出相同"),
        Text("look for zero weights, dead units, or inputs that are lost on the way", "请检查权重是否为零、单元是否死亡、输入是否在途中丢失"),
        ("initialization", "relu"),
    ),
    "eval-while-training": (
        "fault",
        Text("the model is trained in evaluation mode ({place})", "模型在评估模式下训练（{place}）"),
        Text("call model.train() before the training pass, each time after model.eval()", "训练之前请调用 model.train()，每次 model.eval() 之后都要"),
        ("batch-norm", "dropout"),
    ),
    "train-while-validating": (
        "fault",
        Text("the model runs in training mode without gradients, as when it is validated ({place})", "模型在训练模式下做不带梯度的计算（如验证）（{place}）"),
        Text("call model.eval() before validating, and model.train() after it", "验证之前请调用 model.eval()，之后再调用 model.train()"),
        ("batch-norm", "dropout"),
    ),
    "same-batch": (
        "warning",
        Text("every step gets the same batch", "每一步得到的都是同一批数据"),
        Text("make the iterator once and advance it: next(iter(loader)) begins anew each time", "迭代器只创建一次并逐步推进：next(iter(loader)) 每次都从头开始"),
        ("sgd",),
    ),
    "constant-labels": (
        "warning",
        Text("all labels of a batch are the same", "一个批次中的标签全部相同"),
        Text("shuffle the training data; look at how labels are read", "请打乱训练数据，并检查标签的读取"),
        ("sgd", "softmax-cross-entropy"),
    ),
    "batch-of-one": (
        "warning",
        Text("batch normalisation is given one sample ({place})", "批归一化只得到一个样本（{place}）"),
        Text("use larger batches, drop_last=True, or layer or group normalisation", "请增大批次、设 drop_last=True，或改用层归一化、组归一化"),
        ("batch-norm", "group-norm", "layer-norm"),
    ),
}  # fmt: skip
