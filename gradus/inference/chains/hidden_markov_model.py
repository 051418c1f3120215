"""Hidden Markov models."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import Sizes, choice, flag, number, refusal, whole
from gradus.inference.chains.baum_welch import climb, drawn_chain
from gradus.inference.chains.best_paths import best_paths
from gradus.inference.chains.emissions import (
    GaussianEmission,
    GaussianStates,
    GivenLogs,
    SymbolTable,
    distribution,
    no_emission,
)
from gradus.inference.chains.forward_backward import CELLS, Chain, Room, log_likelihoods, posteriors
from gradus.inference.chains.results import HiddenMarkovFit, StatePath, StatePosterior
from gradus.inference.chains.sequences import Sequences, none_given, sequences_of

__all__ = ["HiddenMarkovModel"]

Array = np.ndarray[Any, np.dtype[Any]]


class HiddenMarkovModel:
    r"""A hidden Markov model: states that follow one another as a Markov chain, each seen through what it emits.

    .. math:: p(z,x)=\pi_{z_1}\prod_{t=2}^TA_{z_{t-1}z_t}\prod_{t=1}^Tp(x_t\mid z_t)

    Sequences are given one, as a list (of several lengths), or padded in an array, `lengths` saying where each ends; what is
    padded is never looked at, and results take the form of what came. All run side by side; a row has what it has alone, up to
    rounding. Nothing underflows: messages are scaled as rarely as is safe, and go to logarithms where that alone is right.

    Args:
        start: π, (K,).
        transition: A, (K, K), a row the state that is left; zeros forbid.
        emission: (K, M), the probabilities of M symbols, then a sequence holds whole numbers (T,); a `GaussianEmission`, then it
            holds vectors (T, d); or None, then it holds log p(x_t | state) itself, (T, K), with −∞ for what cannot be.
        dtype: "float64" or "float32": of the passes. A chain with transitions forbidden, or below 1e-6, runs in float64.

    Attributes:
        start, transition: as given, in float64.
        emission: the table in float64, the `GaussianEmission`, or None.

    Raises:
        GradusError: shapes that do not fit, or rows that do not sum to 1 (by more than 1e-5; less is divided out).

    Source: Rabiner 1989.

    Example:
        >>> model = HiddenMarkovModel([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[0.8, 0.2], [0.3, 0.7]])
        >>> model
        HiddenMarkovModel(2 states, 2 symbols)
        >>> round(model.log_likelihood([0, 0, 1]), 4)
        -2.2368
    """

    def __init__(self, start: Any, transition: Any, emission: Any = None, *, dtype: str = "float64") -> None:
        sizes = Sizes()
        self.start = distribution("start", start, "K", sizes)
        self.transition = distribution("transition", transition, "K K", sizes)
        self.emission = emission
        states = len(self.start)
        if isinstance(emission, GaussianEmission):
            if emission.states != states:
                raise refusal(
                    "emission", (f"one of {states} states", f" {states} 个状态的发射分布"), emission.means
                )
            kind: Any = GaussianStates(emission)
        elif emission is None:
            kind = GivenLogs(states)
        else:
            self.emission = distribution("emission", emission, "K M", sizes)
            kind = SymbolTable(self.emission)
        precision = {"float64": np.float64, "float32": np.float32}[
            choice("dtype", dtype, ("float64", "float32"))
        ]
        self._chain = Chain(self.start, self.transition, kind, precision)

    def _sequences(self, sequences: Any, lengths: Any) -> Sequences:
        emission = self._chain.emission
        return sequences_of(sequences, lengths, emission.axes, emission.check)

    def log_likelihood(self, sequences: Any, lengths: Any = None) -> Any:
        r"""Log p(x) of each sequence, by the forward recursion; −∞ where it cannot be.

        .. math:: \alpha_1=\pi\odot b(x_1),\qquad\alpha_t=(\alpha_{t-1}A)\odot b(x_t),\qquad p(x)=\textstyle\sum_k\alpha_T(k)

        Raises:
            GradusError: symbols or vectors that the emission does not have: sequence and step are named.

        Cost: one product of (n, K) and (K, K) a step for n sequences side by side.

        Source: Rabiner 1989, §III.A.

        Example:
            >>> model = HiddenMarkovModel([1.0, 0.0], [[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.5, 0.5]])
            >>> model.log_likelihood([[0, 1], [1], [0, 0, 0]]).round(4).tolist()
            [-0.6931, -inf, -1.3863]
        """
        given = self._sequences(sequences, lengths)
        return given.numbers(log_likelihoods(self._chain, given))

    def posterior(self, sequences: Any, lengths: Any = None, *, transitions: bool = False) -> StatePosterior:
        r"""p(z_t | x) of each step, by the forward and the backward recursion.

        .. math:: \gamma_t(k)=\frac{\alpha_t(k)\,\beta_t(k)}{p(x)},\qquad\beta_T=1,\qquad\beta_t=A\,(b(x_{t+1})\odot\beta_{t+1})

        Args:
            sequences: one, a list, or padded.
            lengths: of padded ones.
            transitions: whether the expected numbers of transitions, over all sequences, are wanted, too.

        Raises:
            GradusError: a sequence that the model cannot make; it is named, and the step after which no state is left.

        Cost: two or three products of (n, K) and (K, K) a step.

        Source: Rabiner 1989, §III.B; Baum et al. 1970.

        Example:
            >>> model = HiddenMarkovModel([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[0.8, 0.2], [0.3, 0.7]])
            >>> model.posterior([0, 0, 1]).states.round(3).tolist()
            [[0.742, 0.258], [0.73, 0.27], [0.544, 0.456]]
        """
        flag("transitions", transitions)
        given = self._sequences(sequences, lengths)
        states = len(self.start)
        counts = np.zeros((states, states)) if transitions else None
        found = given.room_for_results(np.empty((0, states), self._chain.dtype))
        logs, room = np.empty(len(given)), Room()
        for rows in given.chunks(CELLS // states):
            part, logs[rows], _ = posteriors(self._chain, given, rows, counts, room)
            given.put(found, rows, part)
        return StatePosterior(given.as_they_came(found), given.numbers(logs), counts)

    def viterbi(self, sequences: Any, lengths: Any = None) -> StatePath:
        r"""The states that are the most probable together, argmax p(z | x); of several equally probable ones, one.

        .. math:: \delta_1=\log\pi+\log b(x_1),\qquad\delta_t(j)=\max_i\bigl(\delta_{t-1}(i)+\log A_{ij}\bigr)+\log b_j(x_t)

        It need not go through the states that are the most probable one by one.

        Raises:
            GradusError: a sequence that the model cannot make.

        Cost: K² additions and comparisons a step.

        Source: Viterbi 1967; Rabiner 1989, §III.B.

        Example:
            >>> model = HiddenMarkovModel([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[0.8, 0.2], [0.3, 0.7]])
            >>> model.viterbi([0, 0, 1, 1, 1]).states.tolist()
            [0, 0, 1, 1, 1]
        """
        given = self._sequences(sequences, lengths)
        paths, best = best_paths(self._chain, given)
        return StatePath(given.as_they_came(paths), given.numbers(best))

    def sample(self, steps: int, count: int | None = None, *, seed: int = 0) -> tuple[Array, Array]:
        """States and observations that are drawn from the model: (T,) and (T, …), or (count, T) and (count, T, …).

        Raises:
            GradusError: the model has no emission of its own.

        Example:
            >>> model = HiddenMarkovModel([1.0, 0.0], [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
            >>> [part.tolist() for part in model.sample(4)]
            [[0, 1, 0, 1], [0, 1, 0, 1]]
        """
        whole("steps", steps, least=1)
        n = 1 if count is None else whole("count", count, least=1)
        rng = np.random.default_rng(whole("seed", seed, least=0))
        if self.emission is None:
            raise no_emission("sample")
        first, later = SymbolTable(self.start[None]), SymbolTable(self.transition)
        states = np.empty((n, steps), np.int64)
        states[:, 0] = first.sample(np.zeros(n, int), rng)
        for t in range(1, steps):
            states[:, t] = later.sample(states[:, t - 1], rng)
        seen = self._chain.emission.sample(states, rng)
        return (states[0], seen[0]) if count is None else (states, seen)

    def fit(
        self,
        sequences: Any,
        lengths: Any = None,
        *,
        starts: int = 1,
        max_iter: int = 200,
        tol: float = 1e-6,
        pseudocount: float = 0.0,
        seed: int = 0,
    ) -> HiddenMarkovFit:
        r"""A model of greater likelihood, by Baum–Welch: expectation–maximisation from this model and from others that are drawn.

        .. math:: \pi\propto\mathbb E[z_1],\qquad A_{ij}\propto\mathbb E[\#\,i\to j],\qquad b_k(s)\propto\mathbb E[\#\,s\text{ from }k]

        No iteration lowers the likelihood (with pseudocounts: the likelihood times the prior), but for rounding; the end depends on the start,
        a local maximum as a rule, a saddle where states start alike, so several starts are worth their time. States have no names: another start may find the same model with its states permuted.
        Transitions that are forbidden stay so. This model stays as it is.

        Args:
            sequences: one, a list, or padded.
            lengths: of padded ones.
            starts: how many; the first is this model, the others are drawn.
            max_iter: iterations at most.
            tol: an iteration that gains less, a step of data, is the last.
            pseudocount: added to every expected count of the tables (a Dirichlet prior); 0 is plain likelihood.
            seed: of the drawn starts.

        Raises:
            GradusError: sequences that do not fit, that this model cannot make, or a model without an emission.

        Cost: an iteration, about that of `posterior`.

        Source: Baum et al. 1970; Rabiner 1989, §III.C.

        Example:
            >>> true = HiddenMarkovModel([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[0.9, 0.1], [0.2, 0.8]])
            >>> _, x = true.sample(200, 20)
            >>> fit = true.fit(x)
            >>> bool(fit.log_likelihood > true.log_likelihood(x).sum())
            True
        """
        whole("starts", starts, least=1)
        whole("max_iter", max_iter, least=0)
        number("tol", tol, least=0)
        number("pseudocount", pseudocount, least=0)
        rng = np.random.default_rng(whole("seed", seed, least=0))
        if self.emission is None:
            raise no_emission("fit")
        given = self._sequences(sequences, lengths)
        if len(given) == 0:
            raise none_given()
        climbs = []
        for i in range(starts):
            chain = self._chain if i == 0 else drawn_chain(self._chain, given, rng)
            climbs.append(climb(chain, given, tol, max_iter, pseudocount))
        best = max(climbs, key=lambda c: c.history[-1])
        start, transition, emission, _ = best.chain
        model = HiddenMarkovModel(start, transition, emission.given, dtype=np.dtype(self._chain.dtype).name)
        return HiddenMarkovFit(
            model, best.log_likelihood, best.history, best.stopped, [c.history[-1] for c in climbs]
        )

    def __repr__(self) -> str:
        what = repr(self._chain.emission)
        states = len(self.start)
        return f"HiddenMarkovModel({states} state{'s' if states > 1 else ''}, {what})"
