"""How good draws of Markov chains are: R̂, effective sample sizes, standard errors, and a verdict for each quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradus.arguments import array, choice, number, refusal, whole
from gradus.inference.monte_carlo.arviz_bridge import to_arviz
from gradus.inference.monte_carlo.effective_size import (
    TAILS,
    mean_error,
    normal_scores,
    potential_scale,
    quantile_error,
    sd_error,
    sizes_of,
    split,
    tail_size,
)
from gradus.inference.monte_carlo.verdicts import FINE, Row, notes, table, verdict
from gradus.text import Text

__all__ = ["Diagnosis", "diagnose"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Diagnosis:
    """How good draws are, quantity by quantity; `print` shows the table.

    Of draws that came as one array each attribute below holds one array; of draws by name, arrays by name. Their axes are those
    of the quantity, and for quantiles the probability first.

    Attributes:
        mean: mean of all draws.
        sd: standard deviation of all draws.
        rhat: rank-normalised split R̂, the larger one of place and spread.
        ess_bulk: effective number of draws for the middle.
        ess_tail: effective number of draws for the tails, of the 5 % and 95 % quantiles the smaller.
        mcse_mean: Monte Carlo standard error of the mean.
        mcse_sd: of the standard deviation.
        quantiles: at `probabilities`.
        mcse_quantiles: their Monte Carlo standard errors.
        stuck: whether a chain never moved (chains first).
        probabilities: of the quantiles.
        verdicts: in words, by the name of each single quantity, such as "theta[2]".
        notes: what is wrong with the chains as a whole.
        divergences: number of divergent transitions of each chain, None where none were given.
        bfmi: estimated Bayesian fraction of missing information of each chain, None where no energies were given.
        chains: how many.
        draws: of each chain.

    Example:
        >>> diagnosis = diagnose(np.random.default_rng(0).standard_normal((4, 500)))
        >>> diagnosis.sound, str(diagnosis.verdicts["x"].en)
        (True, 'no fault found')
    """

    mean: Any
    sd: Any
    rhat: Any
    ess_bulk: Any
    ess_tail: Any
    mcse_mean: Any
    mcse_sd: Any
    quantiles: Any
    mcse_quantiles: Any
    stuck: Any

    def __init__(
        self,
        fields: Mapping[str, Any],
        rows: Sequence[Row],
        counts: tuple[int, int],
        probabilities: tuple[float, ...],
        kept: tuple[Mapping[str, Array], Mapping[str, Array]],
    ) -> None:
        self.__dict__.update(fields)
        self.chains, self.draws = counts
        self.probabilities = probabilities
        self._rows, (self._posterior, self._statistics) = list(rows), kept
        diverging, energy = self._statistics.get("diverging"), self._statistics.get("energy")
        self.divergences = None if diverging is None else diverging.sum(1).astype(int)
        self.bfmi = None if energy is None else _missing_information(energy)
        self.verdicts = {row.name: verdict(row) for row in rows}
        self.notes = notes(self.chains, self.divergences, self.bfmi)

    @property
    def sound(self) -> bool:
        """Whether no fault was found, of no quantity and not of the chains: no proof that there is none."""
        return not self.notes and all(words == FINE for words in self.verdicts.values())

    def table(self, lang: str = "en", most: int = 40) -> str:
        """The quantities as text, a line each, with what is to be said of each.

        Args:
            lang: "en" or "zh".
            most: lines; where there are more quantities, those with faults come first.

        Raises:
            GradusError: another language, or no lines.

        Example:
            >>> print(diagnose(np.zeros((4, 10))).table())
            quantity  mean  MCSE  sd  R̂  ESS bulk  ESS tail  verdict
            x            0     –   0  –         –         –  did not move: every draw is the same
        """
        choice("lang", lang, ("en", "zh"))
        lines = [table(self._rows, list(self.verdicts.values()), lang, whole("most", most, least=1))]
        return "\n".join([*lines, *(note.get(lang) for note in self.notes)])

    def to_arviz(self) -> Any:
        """The draws as ArviZ's InferenceData, with divergences and energies where they were given.

        Raises:
            GradusError: ArviZ is not installed.
        """
        return to_arviz(self._posterior, self._statistics)

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        bad = sum(words != FINE for words in self.verdicts.values())
        found = f"{bad} with faults" if bad else "no fault found"
        return f"Diagnosis({len(self._rows)} quantities, {self.chains} chains of {self.draws} draws, {found})"


def diagnose(
    draws: Any,
    *,
    diverging: Any = None,
    energy: Any = None,
    probabilities: Sequence[float] = (0.05, 0.5, 0.95),
) -> Diagnosis:
    r"""How good draws of Markov chains are: R̂, effective sample sizes, Monte Carlo standard errors, and a verdict in words.

    .. math:: \hat R=\max_{u\in\{z,\,z'\}}\sqrt{\frac{n-1}n+\frac{B(u)}{n\,W(u)}},\qquad
        \mathrm{ESS}=\frac{mn}{\max(-1+2\sum_{k<K}\hat P_k+\hat\rho_{2K}^+,\ 1/\log_{10}mn)},\qquad
        \mathrm{MCSE}=\frac s{\sqrt{\mathrm{ESS}}}

    Each chain is cut in two: m halves of n draws. z are the normal scores of the draws' ranks, z′ those of their distances from
    the median; B is n times the variance of the halves' means, W the mean of their variances, and P̂ Geyer's initial monotone
    sequence of sums of two autocorrelations each, which ends before the first that is not positive. ESS is of z for the middle,
    of the draws themselves for the MCSE of the mean. A chain whose draws are all the same "did not move"; where none moved, ESS and MCSE are NaN.

    Args:
        draws: an array (chains, draws, …), or arrays by name; at least 4 draws a chain.
        diverging: whether a transition diverged (chains, draws).
        energy: the Hamiltonian at each draw (chains, draws), for the E-BFMI.
        probabilities: of the quantiles whose errors are asked for.

    Returns:
        The `Diagnosis`.

    Raises:
        GradusError: no chains and draws, too few draws, other numbers of them by name, or values that are not finite.

    Cost: O(S log S) for each quantity of S draws in all.

    Source: Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021; Geyer 1992; Betancourt 2016.

    Deviates: a quantile that no draw exceeds, by ties, is left out of the tails' ESS and has no MCSE, where ArviZ counts all
    draws. R̂ of one chain is that of its halves, where ArviZ has none.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((2, 4, 400))
        >>> print(diagnose({"a": x[0], "b": x[1] + np.arange(4)[:, None]}).table())
        quantity       mean     MCSE      sd      R̂  ESS bulk  ESS tail  verdict
        a         -0.008757  0.02501  0.9869  1.003      1561      1616  no fault found
        b             1.452   0.5768   1.529  1.547     7.139     41.08  chains disagree in place: R̂ 1.55
    """
    single = not isinstance(draws, Mapping)
    arrays: dict[str, Array] = {}
    counts: tuple[int, int] | None = None
    if not single and not draws:
        raise refusal("draws", ("at least one quantity", "至少一个量"), Text("none", "无"))
    for key, value in {"x": draws}.items() if single else draws.items():
        name = "draws" if single else f"draws[{key!r}]"
        found = array(name, value, finite=True)
        _require_chains(name, found, counts)
        counts = found.shape[:2]
        arrays[str(key)] = found
    assert counts is not None
    levels = _levels(probabilities)
    statistics = {}
    for name, value in (("diverging", diverging), ("energy", energy)):
        if value is not None:
            found = array(name, value, finite=True)
            if found.shape != counts:
                shape = Text(str(found.shape), str(found.shape))
                raise refusal(name, (f"the shape {counts}", f"形状 {counts}"), shape)
            statistics[name] = found != 0 if name == "diverging" else found
    fields: dict[str, dict[str, Array]] = {}
    rows: list[Row] = []
    for name, x in arrays.items():
        for field, result in _measured(name, x, levels, rows).items():
            fields.setdefault(field, {})[name] = result
    shown = {field: by["x"] if single else by for field, by in fields.items()}
    return Diagnosis(shown, rows, counts, levels, (arrays, statistics))


def _measured(name: str, x: Array, levels: tuple[float, ...], rows: list[Row]) -> dict[str, Array]:
    """Everything of one array of quantities; each single one becomes a row."""
    shape, flat = x.shape[2:], x.reshape(*x.shape[:2], -1)
    sizes = sizes_of(flat, tuple(sorted({*TAILS, *levels})))
    place = potential_scale(sizes.scores)
    spread = potential_scale(normal_scores(split(np.abs(flat - np.median(flat, axis=(0, 1))))))
    stuck = (flat == flat[:, :1]).all(1)
    at = [list(sizes.indicators).index(p) for p in levels]
    ordered = np.sort(flat.reshape(-1, flat.shape[2]), axis=0) if levels else flat[0]
    errors = [quantile_error(ordered, p, sizes.indicators[p]) for p in levels]
    fields = {
        "mean": flat.mean((0, 1)),
        "sd": flat.std((0, 1), ddof=1),
        "rhat": np.fmax(place, spread),
        "ess_bulk": sizes.bulk,
        "ess_tail": tail_size(sizes),
        "mcse_mean": mean_error(flat, sizes),
        "mcse_sd": sd_error(sizes),
        "quantiles": sizes.quantiles[at],
        "mcse_quantiles": np.array(errors).reshape(len(levels), flat.shape[2]),
        "stuck": stuck,
    }
    for i, index in enumerate(np.ndindex(*shape)):
        label = f"{name}[{', '.join(map(str, index))}]" if index else name
        columns = (fields["mean"], fields["mcse_mean"], fields["sd"], place, spread)
        mean, error, sd, location, apart = (float(v[i]) for v in columns)
        bulk, tail = float(fields["ess_bulk"][i]), float(fields["ess_tail"][i])
        rows.append(Row(label, mean, error, sd, location, apart, bulk, tail, stuck[:, i].tolist()))
    return {field: np.asarray(v.reshape((*v.shape[:-1], *shape))) for field, v in fields.items()}


def _missing_information(energy: Array) -> Array:
    """E-BFMI: the mean square of the energy's steps over its variance, chain by chain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((np.diff(energy, axis=1) ** 2).mean(1) / energy.var(1, ddof=1))


def _require_chains(name: str, x: Array, counts: tuple[int, int] | None) -> None:
    shape = Text(f"shape {x.shape}", f"形状 {x.shape}")
    if x.ndim < 2:
        mend = (
            (f"of one chain give {name}[None]", f"若只有一条链，请给出 {name}[None]") if x.ndim else ("", "")
        )
        raise refusal(name, ("an array (chains, draws, …)", "形状为 (链, 抽样, …) 的数组"), shape, mend)
    if x.shape[0] < 1 or x.shape[1] < 4:
        mend = ("are the axes swapped?", "两个轴是否颠倒？") if x.shape[0] > x.shape[1] else ("", "")
        raise refusal(name, ("at least 4 draws of each chain", "每条链至少 4 次抽样"), shape, mend)
    if counts is not None and x.shape[:2] != counts:
        expected = (f"{counts[0]} chains of {counts[1]} draws", f"{counts[0]} 条链，每条 {counts[1]} 次抽样")
        raise refusal(name, expected, shape)
    if x.size == 0:
        raise refusal(name, ("at least one quantity", "至少一个量"), shape)


def _levels(probabilities: Sequence[float]) -> tuple[float, ...]:
    if not isinstance(probabilities, (list, tuple, np.ndarray)):
        expected = ("a list of probabilities", "概率的列表")
        raise refusal("probabilities", expected, probabilities, kind=True)
    return tuple(number(f"probabilities[{i}]", p, above=0, below=1) for i, p in enumerate(probabilities))
