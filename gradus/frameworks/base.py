"""What Gradus asks of a framework: a few obvious methods, the same for all.

To add one (ONNX Runtime, Keras), write `gradus/frameworks/NAME.py` with a class derived from `Framework`, and add its
line to `FRAMEWORKS` in `gradus/frameworks/registry.py`; nothing else names it. Only `from_numpy` must be written. What
the framework can do beyond that it overrides; what it cannot do stays as it is here, and the claims about it are left
out with the reason that is raised here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradus.errors import GradusError
from gradus.frameworks.calls import Calls
from gradus.page.not_applicable import NotApplicable, no_gradient
from gradus.text import Text

#: The dtypes that implementations are judged in, each with its spacing at 1.
PRECISIONS = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}


class Framework(ABC):
    """One framework. It is imported by the methods that need it, never by making the class.

    Attributes:
        name: as pages and `--framework` write it.
        title: as sentences write it.
        packages: the top-level modules that code written in it names; the first is the one to install.
        precisions: the dtypes in which its functions are judged.
        widens: whether its functions may answer in float64 whatever they are given, as many of NumPy's users' do.
        widens_its_own: whether arrays that its functions make by themselves are float64 while the judge asks for full precision,
            though they are float32 as it comes.
        differentiates: whether it has a `vjp`.
        compiles: whether each new shape of an argument costs it a compilation, a thousand times as long as the call.
        holds_objects: whether its arrays may hold any Python numbers, such as numbers that count operations.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    precisions: ClassVar[tuple[str, ...]] = ("float64",)
    widens: ClassVar[bool] = False
    widens_its_own: ClassVar[bool] = False
    differentiates: ClassVar[bool] = False
    compiles: ClassVar[bool] = False
    holds_objects: ClassVar[bool] = False

    def require(self) -> None:
        """Checks that it is installed.

        Raises:
            GradusError: it is not; the error names the command that installs it.
        """
        if self.packages and importlib.util.find_spec(self.packages[0]) is None:
            package = self.packages[0]
            raise GradusError(
                Text(
                    f"the implementation needs {self.title}, which is not installed: pip install {package}",
                    f"该实现需要 {self.title}，而它尚未安装：pip install {package}",
                )
            )

    @property
    def loaded(self) -> bool:
        """Whether it is imported in this process: until then no value can be one of its arrays."""
        return bool(self.packages) and self.packages[0] in sys.modules

    def is_array(self, value: Any) -> bool:
        """Whether the value is one of its arrays."""
        return False

    @abstractmethod
    def from_numpy(self, array: np.ndarray, dtype: str) -> Any:
        """The array in its own type, floating-point numbers in `dtype`."""

    def from_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function among the arguments, as its users call it; most call it on arrays of their own."""
        return function

    def from_host(self, source: Callable[[], Any], x: Any) -> Any:
        """What the source tells at this call, for a function of x that tells something else at every call."""
        return source()

    def tracked(self, value: Any) -> Any:
        """One of its arrays as an argument that a gradient is asked for; any other value as it is."""
        return value

    def to_numpy(self, value: Any) -> np.ndarray:
        """One of its arrays as NumPy's, on the processor; floating-point numbers as float64."""
        array = np.asarray(value)
        widened = array.dtype.kind == "f" or array.dtype.name == "bfloat16"
        return array.astype(np.float64) if widened else array

    def namespace(self) -> Any:
        """The module whose functions take its arrays, under the names that NumPy gives them."""
        return np

    def full_precision(self) -> contextlib.AbstractContextManager[Any]:
        """A context in which it computes in float64 where it is given float64; the user's own setting is put back."""
        return contextlib.nullcontext()

    def environment(self) -> dict[str, str]:
        """Variables of the environment under which a process that judges its functions runs, where the user has set none."""
        return {}

    def lacks_kernel(self, error: Exception) -> bool:
        """Whether the error says that it does not offer an operation in the precision asked for."""
        return False

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, compiled where that pays for many calls on equal shapes."""
        return function

    def calls(self) -> Calls:
        """A way to call one function many times on few shapes."""
        return Calls()

    def vjp(
        self,
        function: Callable[[dict[str, Any]], Sequence[Any]],
        arguments: Mapping[str, Any],
        cotangents: Sequence[Any],
        wanted: tuple[str, ...],
    ) -> dict[str, Any]:
        r"""The vector–Jacobian product :math:`\nabla_x\sum_i\langle w_i,f_i(x)\rangle` for each wanted argument x, in its own arrays.

        Args:
            function: from arguments by name to the results f₁, f₂, …, all in its own arrays.
            arguments: in its own arrays.
            cotangents: w₁, w₂, …, each of its result's size, in its own arrays.
            wanted: names of the arguments to differentiate by.

        Raises:
            NotApplicable: it does not differentiate, or no result depends on an argument.
        """
        raise no_gradient(self.name)

    def peak_memory(self, call: Callable[[], Any]) -> int:
        """Bytes that the call holds at its peak above what was there before, on the processor.

        Raises:
            NotApplicable: the framework does not tell.
        """
        np.empty(1)  # NumPy's own first allocation is not the call's
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def multiplications(self, call: Callable[[], Any]) -> int:
        """Multiplications of numbers in the matrix products of one call, by the framework's own counter.

        Raises:
            NotApplicable: it has none.
        """
        raise NotApplicable(
            Text(f"operations of {self.name} are not counted", f"无法统计 {self.name} 的运算次数")
        )

    def __str__(self) -> str:
        return self.name
