"""How a run ends before its last epoch, as the errors that say so."""

import signal

from gradus.progress import Reporter
from gradus.text import Text
from gradus.training.errors import Interrupted, NonFiniteError
from gradus.training.folder import RunFolder
from gradus.training.nonfinite import NonFiniteStep
from gradus.training.run import Run


def non_finite_error(
    error: NonFiniteStep, *, run: Run, folder: RunFolder | None, step: int
) -> NonFiniteError:
    """The error of a step, counted from 1, that was not finite; it is noted in the run folder."""
    checkpoint = folder.saved if folder else None
    state = f"the last good checkpoint is {checkpoint}" if checkpoint else "no checkpoint had been written"
    message = (
        f"the {error.tensor} of step {step} (epoch {run.epoch + 1}) is not finite (loss {error.value}): "
        f"first in {error.layer}; {state}; lower the learning rate, clip the gradient or check the data"
    )
    state_zh = f"最近的有效检查点为 {checkpoint}" if checkpoint else "尚未写出检查点"
    message_zh = (
        f"第 {step} 步（第 {run.epoch + 1} 轮）的 {error.tensor} 不是有限值（损失 {error.value}）："
        f"最先出现在 {error.layer}；{state_zh}；请降低学习率、裁剪梯度或检查数据"
    )
    if folder is not None:
        folder.note(message)
    return NonFiniteError(Text(message, message_zh), step, error.tensor, error.layer, checkpoint)


def interrupted(number: int, *, run: Run, folder: RunFolder | None, reporter: Reporter) -> Interrupted:
    """The end on a signal; how to go on is said, and noted in the run folder."""
    name = signal.Signals(number).name
    if folder is None:
        reporter.say(f"{name}: stopped after step {run.step}; without a run folder nothing is saved")
        return Interrupted(number, None)
    where = str(folder.directory)
    line = f"{name}: stopped after step {run.step}, state saved; go on with fit(..., directory={where!r}, resume=True)"
    folder.tell(reporter, line)
    return Interrupted(number, folder.saved)
