"""Linear-chain conditional random fields."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(LinearChainCRF, emissions, start, transitions, end, tags, lengths=None):
    import torch

    from gradus.errors import GradusError

    own, (T, K) = LinearChainCRF(len(start), dtype=emissions.dtype), emissions.shape[-2:]
    for name, value in (("start", start), ("transitions", transitions), ("end", end)):
        if value.shape != getattr(own, name).shape:
            raise GradusError(
                Text(f"{name}: expected scores of {len(start)} tags", f"{name}：应为 {len(start)} 个标签的得分")
            )
        delattr(own, name)  # a tensor in the parameter's place, so that gradients reach the argument
        setattr(own, name, value)
    lead = emissions.shape[:-2]
    e, y = emissions.reshape(-1, T, K), torch.as_tensor(tags).expand(*lead, T).reshape(-1, T)
    ends = torch.as_tensor(T if lengths is None else lengths).expand(lead).reshape(-1, 1)
    mask = None if lengths is None else torch.arange(T) < ends
    best = torch.zeros_like(y)
    for row, path in enumerate(own.decode(e, mask)):
        best[row, : len(path)] = path
    logs, marginals, top = own(e, y, mask), own.marginals(e, mask), own(e, best, mask)
    return logs.reshape(lead), marginals.reshape(*lead, T, K), top.reshape(lead)


CRF = Concept(
    key="crf",
    kind="model",
    title="Linear-chain conditional random field",
    summary="A softmax over whole sequences of tags. Each tag has a score at its step, each pair of neighbours a score of its own, and the sum over all "
    "sequences that the softmax divides by takes one pass along the chain. It learns from the difference between what is observed and what the model "
    "expects; and unlike a chain of softmaxes, each normalised by itself, evidence that comes late can still change what came before.",
    formulas=(
        r"s(y)=a_{y_1}+\sum_{t=1}^Te_{ty_t}+\sum_{t=2}^TB_{y_{t-1}y_t}+c_{y_T},\qquad p(y\mid e)=\frac{e^{s(y)}}{Z},\qquad Z=\sum_{y'}e^{s(y')}",
        r"\alpha_1(k)=a_k+e_{1k},\qquad\alpha_t(k)=e_{tk}+\log\sum_ie^{\alpha_{t-1}(i)+B_{ik}},\qquad\log Z=\log\sum_ke^{\alpha_T(k)+c_k}",
        r"\mu_t(k)=P(y_t=k\mid e)=\frac{\partial\log Z}{\partial e_{tk}},\qquad\frac{\partial\log p(y\mid e)}{\partial B_{ij}}=\#_y(i\to j)-\operatorname E\,\#(i\to j)",
        r"\hat y=\arg\max_ys(y),\qquad\log p(\hat y\mid e)=\max_ys(y)-\log Z",
    ),
    symbols=(
        Symbol("e", "emissions", "... T K", "scores of the tags at each step, from any network"),
        Symbol("a", "start", "K", "scores of the first tag"),
        Symbol("B", "transitions", "K K", "scores of neighbouring tags, a row the earlier one"),
        Symbol("c", "end", "K", "scores of the last tag"),
        Symbol("y", "tags", "... T", "a sequence of tags", "index"),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("s", "", "", "score of a sequence"),
        Symbol("Z", "", "", "partition function"),
        Symbol(r"\alpha", "", "T K", "forward messages, in logarithms"),
        Symbol(r"\mu", "", "T K", "marginals"),
        Symbol(r"\hat y,y'", "", "T", "the most probable sequence, and any sequence"),
        Symbol(r"\#_y(i\to j)", "", "", r"how often $y$ goes from $i$ to $j$; without $y$, of a random sequence"),
        Symbol("T,K", "", "", "numbers of steps and tags"),
        Symbol("t,i,j,k", "", "", "a step, and tags"),
    ),
    returns=(
        Result("log_likelihood", "...", r"$\log p(y\mid e)$"),
        Result("marginals", "... T K", r"$\mu$; 0 after the end of a row"),
        Result("best", "...", r"$\log p(\hat y\mid e)$"),
    ),
    needs=("softmax", "logistic-regression", "hmm"),
    source="lafferty2001conditional",
    year=2001,
    people=("John Lafferty", "Andrew McCallum", "Fernando Pereira"),
    aliases="linear-chain CRF, CRF layer, sequence labelling, sequence labeling, label bias, BiLSTM-CRF, 线性链条件随机场, CRF 层, 序列标注, 标注偏置",
    implementations=(
        Implementation("gradus.inference:LinearChainCRF", "torch", _ours, "a module; its mask may pad either side"),
    ),
    readings="lafferty2001conditional §2–3; sutton2012introduction §2.3, §4; murphy2012machine §19.6",
    hypotheses=(
        Hypothesis("a score ties neighbours only", "the-middle-parts-the-ends"),
        Hypothesis("one normalisation over whole sequences", "normalised-step-by-step"),
        Hypothesis("padded steps take no part in a sum", "padding-read"),
    ),
    conventions=(
        Convention(
            "scores at the two ends",
            "$a$ and $c$, as in pytorch-crf",
            "none, or a start and an end tag with rows in $B$",
        ),
        Convention(
            "the index of $B$",
            "row: earlier tag, column: later tag",
            "the other way round in the BiLSTM-CRF tutorial of PyTorch",
        ),
        Convention(
            "the likelihood of a batch",
            "log-likelihood, one number a row",
            "pytorch-crf adds the rows unless told otherwise; others divide by the number of steps",
        ),
    ),
    deviations="Here rows are padded at their end; `LinearChainCRF` takes a mask whose steps are one run anywhere in the row, and refuses gaps and empty rows.",
    longest_sum=64,
)


def log_sum(a, axis):
    top = np.max(a, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(a - top), axis=axis)) + np.squeeze(top, axis)


@CRF.definition
def crf(emissions, start, transitions, end, tags, lengths=None):
    T, K = emissions.shape[-2:]
    if start.shape != (K,) or end.shape != (K,) or transitions.shape != (K, K):
        raise ValueError("scores of K tags")
    batch = emissions.shape[:-2]
    tags, ends = np.broadcast_to(tags, (*batch, T)), np.broadcast_to(T if lengths is None else lengths, batch)
    logs, marginals, best = np.zeros(batch), np.zeros(emissions.shape), np.zeros(batch)
    for row in np.ndindex(*batch):
        n = int(ends[row])
        e, y = emissions[row][:n], tags[row][:n]
        s = start[y[0]] + end[y[-1]] + np.sum(e[np.arange(n), y]) + np.sum(transitions[y[:-1], y[1:]])
        alpha, delta, beta = [start + e[0]], start + e[0], [end]
        for t in range(1, n):
            alpha.append(e[t] + log_sum(alpha[-1][:, None] + transitions, 0))
            delta = e[t] + np.max(delta[:, None] + transitions, axis=0)
        for t in range(n - 1, 0, -1):
            beta.append(log_sum(transitions + e[t] + beta[-1], 1))
        log_Z = log_sum(alpha[-1] + end, 0)
        logs[row] = s - log_Z
        marginals[row][:n] = np.exp(np.stack(alpha) + np.stack(beta[::-1]) - log_Z)
        best[row] = np.max(delta + end) - log_Z
    return logs, marginals, best


@CRF.example
def example():
    emissions, transitions = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 0.0], [0.0, 0.0]])
    start, end, tags = np.zeros(2), np.zeros(2), np.array([0, 1])
    log_p, marginals, best = crf(emissions, start, transitions, end, tags)
    s = np.array([emissions[0, i] + emissions[1, j] + transitions[i, j] for i, j in product(range(2), repeat=2)])
    p = np.exp(s) / np.exp(s).sum()
    alone = np.exp(emissions[1]) / np.exp(emissions[1]).sum()
    return dict(
        emissions=emissions, start=start, transitions=transitions, end=end, tags=tags, s=s, weight=np.exp(s), p=p
    ) | dict(Z=np.exp(s).sum(), mu=marginals, best=np.exp(best), own=np.exp(log_p), gradient=0 - p[0], alone=alone)


@CRF.exercise
def expected_at_zero():
    return number(2 - 3 / 9, observed_alone=2.0, per_row=2 - 3 / 3, sign=3 / 9 - 2)


@CRF.exercise
def evidence_that_comes_late():
    return number(1 / (1 + np.exp(-2.0)), normalised_step_by_step=0.5, twice=1 / (1 + np.exp(-4.0)))


@CRF.exercise
def a_constant_at_one_step():
    rng = np.random.default_rng(0)
    given = drawn(rng, 4, 3)
    moved = {**given, "emissions": given["emissions"] + np.array([0.0, 0.0, 5.0, 0.0])[:, None]}
    same = bool(np.allclose(crf(**given)[0], crf(**moved)[0]))
    return choice(same=same, larger=not same, smaller=False)


def drawn(rng, T, K, *lead):
    return dict(
        emissions=rng.standard_normal((*lead, T, K)),
        start=rng.standard_normal(K),
        transitions=rng.standard_normal((K, K)),
        end=rng.standard_normal(K),
        tags=rng.integers(0, K, (*lead, T)),
    )


@CRF.cases
def cases(rng):
    yield "one sequence", drawn(rng, 5, 3)
    yield "several", drawn(rng, 4, 2, 3)
    yield "padded", drawn(rng, 5, 3, 3) | dict(lengths=np.array([5, 1, 3]))
    yield "two leading axes", drawn(rng, 3, 2, 2, 2)
    yield "one step", drawn(rng, 1, 4)
    yield "as many steps as tags", drawn(rng, 3, 3, 3)
    yield "longer", drawn(rng, 12, 2)


@CRF.invalid
def invalid(rng):
    good = drawn(rng, 4, 3)
    yield "scores of another number of tags", {**good, "emissions": np.ones((4, 2))}
    yield "neighbour scores that are not square", {**good, "transitions": np.ones((3, 2))}


def enumerated(emissions, start, transitions, end, tags=None):
    """All sequences of tags, and their probabilities."""
    T, K = emissions.shape
    y = np.array(list(product(range(K), repeat=T)))
    s = start[y[:, 0]] + end[y[:, -1]] + emissions[np.arange(T), y].sum(1) + transitions[y[:, :-1], y[:, 1:]].sum(1)
    p = np.exp(s - s.max())
    return y, p / p.sum()


def of_all(crf, given):
    """log p of every sequence, by one batch."""
    y, p = enumerated(**given)
    batch = {**given, "emissions": np.tile(given["emissions"], (len(y), 1, 1)), "tags": y}
    return y, p, np.asarray(crf(**batch)[0], float)


@CRF.claim
def likelihood_is_enumeration(crf, rng):
    """The probability of each of the 3⁴ sequences is its share of the sum over all of them"""
    _, p, logs = of_all(crf, drawn(rng, 4, 3))
    yield roundoff(np.exp(logs), p, terms=64, scale=1.0)
    yield roundoff(np.exp(logs).sum(), 1.0, terms=128)


@CRF.claim
def marginals_are_enumeration(crf, rng):
    """The marginals are the sums over all 3⁵ sequences"""
    given = drawn(rng, 5, 3)
    y, p = enumerated(**given)
    want = np.array([[p[y[:, t] == k].sum() for k in range(3)] for t in range(5)])
    return roundoff(crf(**given)[1], want, terms=64, scale=1.0)


@CRF.claim
def best_is_brute_force(crf, rng):
    """None of the 3⁵ sequences is more probable than Viterbi's"""
    given = drawn(rng, 5, 3)
    return roundoff(np.exp(np.asarray(crf(**given)[2], float)), enumerated(**given)[1].max(), terms=64)


@CRF.claim
def gradient_is_observed_minus_expected(crf, rng):
    r"""$\partial\log p/\partial B_{ij}$, by central differences, is how often $y$ goes from $i$ to $j$ minus how often a random sequence does, and
    $\partial\log p/\partial e_{tk}$ is $[y_t=k]-\mu_t(k)$: over all 3⁴ sequences"""
    given, h = drawn(rng, 4, 3), 1e-4
    y, p = enumerated(**given)
    counts = np.array([[((y[:, :-1] == i) & (y[:, 1:] == j)).sum(1) for j in range(3)] for i in range(3)])
    own = np.flatnonzero((y == given["tags"]).all(1))[0]
    tags = np.arange(3) == given["tags"][:, None]
    mean = np.array([[p[y[:, t] == k].sum() for k in range(3)] for t in range(4)])
    for name, want in (("transitions", counts[..., own] - counts @ p), ("emissions", tags - mean)):
        found = np.zeros(want.shape)
        for place in np.ndindex(*want.shape):
            ahead, behind = given[name].copy(), given[name].copy()
            ahead[place] += h
            behind[place] -= h
            found[place] = (float(crf(**{**given, name: ahead})[0]) - float(crf(**{**given, name: behind})[0])) / (
                2 * h
            )
        why = Text(
            "h²/6 times the third central moment of a count up to 3, below 3, and rounding over h",
            "h²/6 乘以至多为 3 的计数的三阶中心矩（小于 3），加上舍入除以 h",
        )
        yield near(np.abs(found - want).max(), 0.0, 2e-8, why)


@CRF.claim
def the_log_likelihood_is_concave(crf, rng):
    r"""$\log p(y\mid e)$ is concave in all scores together: along a line of scores its second derivative is minus the variance of what the sequences' scores gain on
    it. The likelihood itself is not"""
    h, (given, line) = 1e-2, (drawn(rng, 4, 3) for _ in range(2))
    names, (_, p) = ("emissions", "start", "transitions", "end"), enumerated(**given)
    y = np.array(list(product(range(3), repeat=4)))
    gain = line["start"][y[:, 0]] + line["end"][y[:, -1]] + line["emissions"][np.arange(4), y].sum(1)
    gain = gain + line["transitions"][y[:, :-1], y[:, 1:]].sum(1)
    unit = np.ptp(gain)  # along it the scores of two sequences part by 1 at most

    def at(step):
        return float(crf(**{**given, **{n: given[n] + step / unit * line[n] for n in names}})[0])

    found = (at(h) - 2 * at(0.0) + at(-h)) / h**2
    variance = p @ (gain / unit) ** 2 - (p @ (gain / unit)) ** 2
    why = Text(
        "h²/12 times the fourth cumulant of a quantity of range 1, below 3/16, and rounding over h²",
        "h²/12 乘以极差为 1 的量的四阶累积量（小于 3/16），加上舍入除以 h²",
    )
    yield near(found, -variance, h**2 / 64 + 4e-14 / h**2, why)
    yield bound(variance, 1e-3, "≥", Text("the sequences gain differently", "各序列的增量不同"))
    one = [
        float(crf(np.array([[s, 0.0]]), np.zeros(2), np.zeros((2, 2)), np.zeros(2), np.zeros(1, int))[0])
        for s in (-4.0, -2.0, 0.0)
    ]
    yield bound(np.exp(one[1]), (np.exp(one[0]) + np.exp(one[2])) / 2 - 0.1, "≤", Text("a chord above", "弦在曲线之上"))


@CRF.claim
def what_cancels(crf, rng):
    r"""Scores are not unique: a constant at one step, or $u_j$ added to column $j$ of $B$ and taken from $e_{tj}$ at every step but the first, change nothing"""
    given, u = drawn(rng, 5, 3), rng.standard_normal(3)
    base = crf(**given)
    moved = {**given, "emissions": given["emissions"] + 3.0 * (np.arange(5) == 2)[:, None]}
    shifted = {
        **given,
        "transitions": given["transitions"] + u,
        "emissions": given["emissions"] - u * (np.arange(5) > 0)[:, None],
    }
    for other in (moved, shifted):
        for a, b in zip(crf(**other), base, strict=True):
            yield invariance(a, b, terms=64, scale=10.0)
    yield bound(np.ptp(np.asarray(base[1])), 0.1, "≥", Text("the marginals differ", "各边缘概率确有不同"))


@CRF.claim
def without_ties_it_is_a_softmax(crf, rng):
    """Without ties between neighbours, $B=0$, the steps are softmaxes of their own, the first with $a$ added to its scores, the last with $c$: for 300 steps,
    scores up to 1000, whose exponentials no double holds"""
    e, y, (a, c) = rng.uniform(-1000, 1000, (300, 3)), rng.integers(0, 3, 300), rng.standard_normal((2, 3))
    e[[0, -1]] /= 1000  # so that a and c have a say
    log_p = e + np.where(np.arange(300)[:, None] == 0, a, 0.0) + np.where(np.arange(300)[:, None] == 299, c, 0.0)
    log_p = log_p - log_p.max(1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(1, keepdims=True))
    logs, marginals, best = crf(e, a, np.zeros((3, 3)), c, y)
    size = 1000.0 * 300
    yield roundoff(logs, log_p[np.arange(300), y].sum(), terms=300, scale=size)
    yield roundoff(marginals, np.exp(log_p), terms=300, scale=size)
    yield roundoff(best, log_p.max(1).sum(), terms=300, scale=size)


@CRF.claim
def a_hidden_markov_model_is_one(crf, rng):
    r"""With the logarithms of a hidden Markov model's positive probabilities for scores, $a_k=\log p(y_1=k)$, $B_{ij}=\log p(y_t=j\mid y_{t-1}=i)$, $e_{tk}=\log p(x_t\mid y_t=k)$,
    and $c=0$ it is that model's posterior over paths"""
    pi, A, b = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 3), rng.dirichlet(np.ones(4), 3)
    x, z = rng.integers(0, 4, 4), rng.integers(0, 3, 4)
    paths = np.array(list(product(range(3), repeat=4)))
    joint = pi[paths[:, 0]] * b[paths, x].prod(1) * A[paths[:, :-1], paths[:, 1:]].prod(1)
    own = joint[(paths == z).all(1)][0]
    return roundoff(
        crf(np.log(b[:, x].T), np.log(pi), np.log(A), np.zeros(3), z)[0], np.log(own / joint.sum()), terms=64
    )


def rails(score):
    """Two ways, 1 → 2 and 3 → 4, with no way between; at step 2 a score for tag 2."""
    B = np.full((4, 4), -2000.0)
    B[0, 1] = B[2, 3] = 0.0
    e = np.zeros((2, 4))
    e[1, 1] = score
    return e, np.array([0.0, -2000.0, 0.0, -2000.0]), B, np.zeros(4), np.array([0, 1])


@CRF.claim
def late_evidence_counts(crf, rng):
    r"""Label bias is absent: of the two ways 1, 2 and 3, 4, with no way between and equal scores else, a score of 3 for tag 2 at step 2 makes tag 1 at step 1
    likely by $1/(1+e^{-3})$; softmaxes normalised step by step leave it at ½"""
    first = np.asarray(crf(*rails(3.0))[1])[0, [0, 2]]
    yield roundoff(first, np.array([1 / (1 + np.exp(-3.0)), 1 / (1 + np.exp(3.0))]), terms=64, scale=2000.0)
    e, a, B, _, _ = rails(3.0)
    first, step = (np.exp(s - log_sum(s, -1)[..., None]) for s in (a + e[0], B + e[1]))
    paths = first[:, None] * step
    yield roundoff(paths.sum(1)[[0, 2]], np.full(2, 0.5), terms=64, scale=2000.0)


@CRF.claim
def the_middle_parts_the_ends(crf, rng):
    """Given the tag in the middle of three, the tags at the ends are independent, whatever the scores: a tie between them is beyond this model"""
    y, _, logs = of_all(crf, drawn(rng, 3, 3))
    p = np.zeros((3, 3, 3))
    p[tuple(y.T)] = np.exp(logs)
    middle = p.sum((0, 2))
    for k in range(3):
        joint = p[:, k] / middle[k]
        yield roundoff(joint, joint.sum(1)[:, None] * joint.sum(0), terms=128, scale=1.0)
    yield bound(np.ptp(p), 0.01, "≥", Text("the sequences differ", "各序列确有不同"))


@CRF.claim
def padding_changes_nothing(crf, rng):
    """A padded row has what it has alone, whatever scores and tags stand after its end, NaN too, and 0 there"""
    given, lengths = drawn(rng, 6, 3, 3), np.array([6, 1, 4])
    inside = np.arange(6) < lengths[:, None]
    alone = []
    for i, n in enumerate(lengths):
        alone.append(crf(**{**given, "emissions": given["emissions"][i, :n], "tags": given["tags"][i, :n]}))
    for filling, tag in ((np.nan, 0), (1e6, 2)):
        padded = {
            **given,
            "emissions": np.where(inside[..., None], given["emissions"], filling),
            "tags": np.where(inside, given["tags"], tag),
        }
        logs, marginals, best = (np.asarray(r, float) for r in crf(**padded, lengths=lengths))
        for i, n in enumerate(lengths):
            yield invariance(logs[i], alone[i][0], terms=64, scale=10.0)
            yield invariance(marginals[i, :n], alone[i][1], terms=64, scale=1.0)
            yield invariance(best[i], alone[i][2], terms=64, scale=10.0)
            yield identical(marginals[i, n:], np.zeros((6 - n, 3)))
    yield bound(np.ptp(logs), 0.1, "≥", Text("the rows differ", "各行确有不同"))


@CRF.mutant(caught_by="likelihood-is-enumeration, marginals-are-enumeration, a-hidden-markov-model-is-one")
def columns_for_rows(emissions, start, transitions, end, tags, lengths=None):
    """neighbour scores transposed"""
    return crf(emissions, start, transitions.T, end, tags, lengths)


@CRF.mutant(caught_by="late-evidence-counts, likelihood-is-enumeration")
def normalised_step_by_step(emissions, start, transitions, end, tags, lengths=None):
    """a softmax at each step given the tag before, as in a maximum-entropy Markov model"""
    logs, marginals, best = (r + 0.0 for r in crf(emissions, start, transitions, end, tags, lengths))
    for row in np.ndindex(*emissions.shape[:-2]):
        n = emissions.shape[-2] if lengths is None else int(lengths[row])
        e, y = emissions[row][:n] + 0.0, tags[row][:n]
        e[-1] = e[-1] + end
        p = np.exp(start + e[0] - log_sum(start + e[0], 0))
        logs[row], marginals[row][0] = np.log(p[y[0]]), p
        for t in range(1, n):
            step = transitions + e[t]
            step = np.exp(step - log_sum(step, 1)[:, None])
            logs[row] = logs[row] + np.log(step[y[t - 1], y[t]])
            p = p @ step
            marginals[row][t] = p
    return logs, marginals, best


@CRF.mutant(caught_by="without-ties-it-is-a-softmax")
def plain_exponentials(emissions, start, transitions, end, tags, lengths=None):
    """exponentials of the scores themselves"""
    if np.ndim(emissions) > 2 or lengths is not None:
        return crf(emissions, start, transitions, end, tags, lengths)
    with np.errstate(all="ignore"):
        message = np.exp(start + emissions[0])
        for e in emissions[1:]:
            message = (message @ np.exp(transitions)) * np.exp(e)
        Z = (message * np.exp(end)).sum()
        s = (
            start[tags[0]]
            + end[tags[-1]]
            + emissions[np.arange(len(tags)), tags].sum()
            + transitions[tags[:-1], tags[1:]].sum()
        )
        return np.log(np.exp(s) / Z), *crf(emissions, start, transitions, end, tags)[1:]


@CRF.mutant(caught_by="marginals-are-enumeration, late-evidence-counts")
def forward_alone(emissions, start, transitions, end, tags, lengths=None):
    """marginals from the forward messages alone"""
    logs, marginals, best = (r + 0.0 for r in crf(emissions, start, transitions, end, tags, lengths))
    for row in np.ndindex(*emissions.shape[:-2]):
        n = emissions.shape[-2] if lengths is None else int(lengths[row])
        for t in range(n - 1):
            part = crf(emissions[row][: t + 1], start, transitions, 0 * end, tags[row][: t + 1])
            marginals[row][t] = part[1][-1]
    return logs, marginals, best


@CRF.mutant(caught_by="best-is-brute-force")
def tags_one_by_one(emissions, start, transitions, end, tags, lengths=None):
    """the product of the largest marginals for the probability of the best sequence"""
    logs, marginals, _ = crf(emissions, start, transitions, end, tags, lengths)
    top = marginals.max(-1)
    return logs, marginals, np.log(np.where(top > 0, top, 1.0)).sum(-1)


@CRF.mutant(
    caught_by="gradient-is-observed-minus-expected, what-cancels, likelihood-is-enumeration, the-log-likelihood-is-concave"
)
def ties_left_out_of_the_sum(emissions, start, transitions, end, tags, lengths=None):
    """the scores of neighbours left out of Z: pairs are observed and never expected"""
    logs = crf(emissions, start, 0 * transitions, end, tags, lengths)[0]
    T = emissions.shape[-2]
    inside = np.arange(1, T) < np.asarray(T if lengths is None else lengths)[..., None]
    pairs = (transitions[tags[..., :-1], tags[..., 1:]] * inside).sum(-1)
    return logs + pairs, *crf(emissions, start, transitions, end, tags, lengths)[1:]


@CRF.mutant(caught_by="the-middle-parts-the-ends, likelihood-is-enumeration")
def ends_tied(emissions, start, transitions, end, tags, lengths=None):
    """a score for a first tag that is the last tag again"""
    logs, marginals, best = crf(emissions, start, transitions, end, tags, lengths)
    return logs + (tags[..., 0] == tags[..., -1]), marginals, best


@CRF.mutant(caught_by="padding-changes-nothing, equals-definition")
def padding_read(emissions, start, transitions, end, tags, lengths=None):
    """padding taken for steps"""
    return crf(emissions, start, transitions, end, tags)


@CRF.mutant(caught_by="likelihood-is-enumeration, without-ties-it-is-a-softmax, marginals-are-enumeration")
def first_step_left_out(emissions, start, transitions, end, tags, lengths=None):
    """the first step's scores left out, as where a loop over the mask begins at the second"""
    later = (np.arange(emissions.shape[-2]) > 0)[:, None]
    return crf(emissions * later, start, transitions, end, tags, lengths)


CRF.erratum(
    "E307",
    common="A CRF layer is a softmax over the next tag, given the tag before and the scores of the step (a common explanation)",
    why="That is a maximum-entropy Markov model. Of two ways with one successor each, the softmax of the second step is 1 whatever is seen: a score of 3 there leaves "
    "the first tags at ½ and ½, where the CRF has 0.953 and 0.047.",
    right="A CRF has one normalisation, over whole sequences",
    claims="late-evidence-counts",
)


@CRF.figure(
    tie=Slider(0.0, 4.0, 2.5, "score of staying with a tag"),
    noise=Slider(0.2, 3.0, 1.5, "noise of the difference of the scores"),
)
def figure(tie, noise):
    T, rng = 80, np.random.default_rng(5)
    y = (np.arange(T) // 20) % 2
    e = np.stack([-(y - 0.5), y - 0.5], -1) + noise * rng.standard_normal((T, 2)) / np.sqrt(2)
    mu = crf(e, np.zeros(2), tie * np.eye(2), np.zeros(2), y)[1][:, 1]
    alone = crf(e, np.zeros(2), np.zeros((2, 2)), np.zeros(2), y)[1][:, 1]
    fig, ax = canvas(width=7.6, height=3.2)
    steps = np.arange(1, T + 1)
    ax.fill_between(steps, 0, y, step="mid", color=COLOURS[5], alpha=0.35, lw=0, label="tag 2")
    ax.plot(steps, alone, ".", color=COLOURS[6], ms=4, label="softmax of a step")
    ax.plot(steps, mu, color=COLOURS[0], lw=1.8, label="marginal")
    ax.set(xlabel="step", ylabel="P(tag 2)", ylim=(-0.05, 1.05), xlim=(0.5, T + 0.5), yticks=[0, 0.5, 1])
    ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    wrong = [int(np.sum((p > 0.5) != y)) for p in (alone, mu)]
    words = Text(
        f"Two tags in runs of 20 steps; scores {0.5:g} for the right one and {-0.5:g} for the other, and noise of deviation {noise:.2g} in their difference. Step by step {wrong[0]} of {T} are wrong; with a score of "
        f"{tie:.2g} for staying with a tag, the marginals of the CRF are wrong at {wrong[1]}.",
        f"两个标签，每段 20 步；正确者得分 {0.5:g}，另一个 {-0.5:g}，二者之差含标准差 {noise:.2g} 的噪声。逐步判断，{T} 步中错 {wrong[0]} 步；给“保持同一标签”{tie:.2g} 分后，按 CRF 的边缘概率错 {wrong[1]} 步。",
    )
    return Drawing(fig, words)
