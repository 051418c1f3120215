"""A hidden Markov model with two states, shown letters alone: whether they become vowels and consonants, as Cave and Neuwirth found."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Characters
from gradus.errors import GradusError
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference import HiddenMarkovModel
    from gradus.report import Comparison, Picture, SeedResult

SETTINGS: dict[str, Any] = {"starts": 3, "steps": 80, "length": 200, "rows": 30_000}
LETTERS = " abcdefghijklmnopqrstuvwxyz"
VOWELS = "aeiou"  # y, which is both, is not scored
ROWS = {
    "one": Text("one state: how often each letter comes", "一个状态：仅字母频率"),
    "hidden": Text("two states", "两个状态"),
    "shuffled": Text("two states, letters shuffled", "两个状态，字母顺序打乱"),
    "pairs": Text("every letter by the one before", "由前一个字母预测"),
}


def train(data: Characters, request: SeedRequest) -> SeedResult:
    """The model of the text, of the same letters shuffled, and what each is worth on text that is held out."""
    from gradus.report import SeedResult

    begun = time.perf_counter()
    learn, held = letters(data, data.train)[: SETTINGS["rows"]], letters(data, data.test)
    rng = np.random.default_rng(request.seed)
    model, starts = fitted(learn, request.seed)
    mixed, _ = fitted(rng.permutation(learn), request.seed)
    vowel = vowel_state(model)
    states = np.concatenate([model.viterbi(part).states for part in pieces(held)]) == vowel
    numbers: dict[str, Any] = {
        "agreement": agreement(held, sides(model)[held]),
        "along_the_path": agreement(held, states),
        "most_frequent": commonest(held),
        "vowels": sorted_letters(model, vowel),
        "consonants": sorted_letters(model, 1 - vowel),
        "changes": [float(model.transition[vowel, 1 - vowel]), float(model.transition[1 - vowel, vowel])],
        "bits": {
            "one": bits_of(np.bincount(learn, minlength=len(LETTERS)) + 1.0, held),
            "hidden": bits(model, held),
            "shuffled": bits(mixed, held),
            "pairs": pair_bits(learn, held),
        },
        "starts": starts,
        "agreement_shuffled": agreement(held, sides(mixed)[held]),
    }  # fmt: skip
    return SeedResult(
        score=numbers["agreement"],
        seconds=time.perf_counter() - begun,
        data=data.summary(),
        comparisons=[_table(numbers)],
        pictures=lambda: [_emissions(model, vowel), _strip(model, held, vowel)],
        measured=numbers,
    )


def letters(data: Characters, ids: np.ndarray) -> np.ndarray:
    """The text as numbers of a to z and of one blank (0) for all that is no letter.

    Raises:
        GradusError: hardly any letters from a to z.
    """
    table = np.array([max(LETTERS.find(c.lower()), 0) for c in data.alphabet])
    found = table[ids]
    if (found > 0).mean() < 0.5:
        raise GradusError(
            Text(
                f"{data.name}: expected a text in the letters a to z, got {np.mean(found > 0):.0%} of them",
                f"{data.name}：应为以字母 a 至 z 写成的文本，其中这些字母只占 {np.mean(found > 0):.0%}",
            )
        )
    return found[(found > 0) | np.r_[True, found[:-1] > 0]]


def pieces(ids: np.ndarray) -> list[np.ndarray]:
    """The text in pieces of one length, the last shorter."""
    return [ids[i : i + SETTINGS["length"]] for i in range(0, len(ids), SETTINGS["length"])]


def fitted(ids: np.ndarray, seed: int) -> tuple[HiddenMarkovModel, list[float]]:
    """Two states fitted by Baum–Welch from several drawn starts, and what each came to, in bits a letter."""
    from gradus.inference import HiddenMarkovModel

    emission = np.random.default_rng([seed, 2]).dirichlet(np.full(len(LETTERS), 5.0), 2)
    half = np.full((2, 2), 0.5)
    found = HiddenMarkovModel(half[0], half, emission).fit(
        pieces(ids), starts=SETTINGS["starts"], max_iter=SETTINGS["steps"], tol=1e-5, pseudocount=1e-2, seed=seed
    )  # fmt: skip
    return found.model, [-float(v) / len(ids) / math.log(2) for v in found.starts]


def vowel_state(model: HiddenMarkovModel) -> int:
    """The state that is called vowel: the one that says e more often; no other letter is asked."""
    return int(np.argmax(np.asarray(model.emission)[:, LETTERS.index("e")]))


def sides(model: HiddenMarkovModel) -> np.ndarray:
    """Of each symbol, whether the vowel state says it more often than the other."""
    vowel, said = vowel_state(model), np.asarray(model.emission)
    return np.asarray(said[vowel] > said[1 - vowel])


def misplaced(vowels: str, consonants: str) -> str:
    """The letters, but y, on the wrong side."""
    return "".join(c for c in vowels if c not in VOWELS + "y␣") + "".join(
        c for c in consonants if c in VOWELS
    )


def sorted_letters(model: HiddenMarkovModel, state: int) -> str:
    """The letters that this state says more often than the other, the commonest first; the blank as ␣."""
    said = np.asarray(model.emission)
    order = np.argsort(-said[state], kind="stable")
    return "".join(LETTERS[i] for i in order if said[state, i] > said[1 - state, i]).replace(" ", "␣")


def agreement(ids: np.ndarray, vowels: np.ndarray) -> float:
    """Share of the letters, without blanks and y, that are called what they are."""
    told = np.isin(ids, [LETTERS.index(c) for c in VOWELS])
    counted = (ids > 0) & (ids != LETTERS.index("y"))
    return float((told == vowels)[counted].mean())


def commonest(ids: np.ndarray) -> float:
    """What calling every letter a consonant would reach."""
    return agreement(ids, np.zeros(len(ids), bool))


def bits(model: HiddenMarkovModel, ids: np.ndarray) -> float:
    """Bits a letter of the text under the model."""
    return -float(np.sum(model.log_likelihood(pieces(ids)))) / len(ids) / math.log(2)


def bits_of(counts: np.ndarray, ids: np.ndarray) -> float:
    """Bits a letter where each comes with these frequencies, whatever was before."""
    return -float(np.log2(counts / counts.sum())[ids].mean())


def pair_bits(learn: np.ndarray, ids: np.ndarray) -> float:
    """Bits a letter given the one before, by counts of pairs and half a count more."""
    counts = np.full((len(LETTERS), len(LETTERS)), 0.5)
    np.add.at(counts, (learn[:-1], learn[1:]), 1)
    return -float(np.log2(counts / counts.sum(1, keepdims=True))[ids[:-1], ids[1:]].mean())


def findings(measured: Sequence[Mapping[str, Any]]) -> list[Text]:
    """What was found, in words."""
    first = measured[0]
    share = [m["agreement"] for m in measured]
    strays = [misplaced(m["vowels"], m["consonants"]) for m in measured]
    none = sum(not s for s in strays)
    named = ", ".join(sorted(set("".join(strays))))
    leave, come = np.mean([m["changes"] for m in measured], 0)
    said = [
        Text(
            f"One state says {first['vowels']} more often, the other {first['consonants']} (␣ is the blank; first seed). On the wrong side, in some seed: {named or 'no letter'}. Verdict: "
            f"{'vowels and consonants, found without being told' if none == len(measured) else f'vowels and consonants but for {named}' if max(map(len, strays)) <= 2 else 'the states are no vowels and consonants'}.",
            f"一个状态更常发出 {first['vowels']}，另一个更常发出 {first['consonants']}（␣ 为空格；第一个种子）。在某个种子下站错一侧的字母：{named or '无'}。判定："
            f"{'未经告知即发现了元音与辅音' if none == len(measured) else f'除 {named} 外即为元音与辅音' if max(map(len, strays)) <= 2 else '状态并非元音与辅音'}。",
        ),
        Text(
            f"On the held-out text {np.mean(share):.1%} of the letters are on the side of their kind ({min(share):.1%} to {max(share):.1%} over the seeds); calling all of them consonants would reach {first['most_frequent']:.1%}, a model of the same letters shuffled {np.mean([m['agreement_shuffled'] for m in measured]):.1%}. Letter by letter along the most probable path, where neighbours have a say, it is {np.mean([m['along_the_path'] for m in measured]):.1%}.",
            f"留出文本中 {np.mean(share):.1%} 的字母在其所属类别的一侧（各种子为 {min(share):.1%} 至 {max(share):.1%}）；一律称为辅音可达 {first['most_frequent']:.1%}，用打乱顺序的同样字母训练的模型为 {np.mean([m['agreement_shuffled'] for m in measured]):.1%}。若沿最可能路径逐个判断（邻近字母也有影响），则为 {np.mean([m['along_the_path'] for m in measured]):.1%}。",
        ),
        Text(
            f"The vowel state is left with probability {leave:.2f} a step, the other with {come:.2f}: {'they alternate' if min(leave, come) > 0.5 else 'they do not simply alternate'}.",
            f"每一步离开元音状态的概率为 {leave:.2f}，离开另一状态的概率为 {come:.2f}：{'两者交替出现' if min(leave, come) > 0.5 else '两者并非简单交替'}。",
        ),
    ]  # fmt: skip
    worth = {k: float(np.mean([m["bits"][k] for m in measured])) for k in ROWS}
    gain, all_of_it = worth["one"] - worth["hidden"], worth["one"] - worth["pairs"]
    said.append(
        Text(
            f"Held-out text costs {worth['one']:.3f} bits a letter by frequencies, {worth['hidden']:.3f} with two states and {worth['pairs']:.3f} by pairs of letters: the two states catch {gain / all_of_it:.0%} of what pairs do. On shuffled letters two states need {worth['shuffled']:.3f}.",
            f"留出文本每字母按频率需 {worth['one']:.3f} 比特，用两个状态需 {worth['hidden']:.3f}，按字母对需 {worth['pairs']:.3f}：两个状态得到了字母对所得的 {gain / all_of_it:.0%}。用打乱的字母训练，两个状态需 {worth['shuffled']:.3f}。",
        )
    )
    return said


RECIPE = Recipe(
    train=train,
    data=("alice", "tinyshakespeare"),
    metric="vowel-agreement",
    targets={"alice": 0.9, "tinyshakespeare": 0.9},
    settings=SETTINGS,
    text=Text(
        "All that is no letter becomes one blank; the text, 27 symbols, is cut into pieces, and a hidden Markov model with two states is fitted by Baum–Welch from several starts, the likeliest of which is kept. It is told nothing of letters but their order. "
        "The state that says e more often is called the vowels; with this one letter it is decided which is which. The score is the share of held-out letters (without blanks and y) that the state of their kind says more often. Beside it: the same letters in random order, frequencies alone, and pairs of letters. The seed draws the starts and the order.",
        "所有非字母字符变为一个空格；文本共 27 种符号，切成小段，用 Baum–Welch 算法从若干起点拟合两状态的隐马尔可夫模型，保留似然最大者。除字母的顺序外，模型一无所知。"
        "更常发出 e 的状态称为元音：只用这一个字母决定谁是谁。得分为留出文本中（不计空格与 y）由其所属类别的状态更常发出者的比例。对照：同样的字母随机排序、仅用频率、以及字母对。种子决定起点与随机顺序。",
    ),
    fitting=Fitting(images=False, characters=True),
    findings=findings,
)


def _table(numbers: Mapping[str, Any]) -> Comparison:
    from gradus.report import Comparison

    bits = numbers["bits"]
    caught = {k: (bits["one"] - bits[k]) / (bits["one"] - bits["pairs"]) for k in ROWS}
    columns = [
        Text("Model", "模型"),
        Text("Bits a letter", "比特/字母"),
        Text("Share of what pairs save", "占字母对所省的比例"),
    ]
    caption = Text(
        "Cost of the held-out text, and how much of the saving of pairs of letters each model gets.",
        "留出文本的代价，以及各模型达到字母对所省比特的几成。",
    )
    return Comparison(columns, {name: (bits[k], caught[k]) for k, name in ROWS.items()}, caption)


def _emissions(model: HiddenMarkovModel, vowel: int) -> Picture:
    from gradus.page.figures import COLOURS, canvas, svg
    from gradus.report import Picture

    said = np.asarray(model.emission)
    order = np.argsort(-(said[vowel] - said[1 - vowel]), kind="stable")
    names = [LETTERS[i].replace(" ", "␣") for i in order]

    def draw(lang: str) -> str:
        figure, ax = canvas(width=5.6, height=2.8)
        for sign, state, colour in ((1, vowel, COLOURS[1]), (-1, 1 - vowel, COLOURS[0])):
            ax.bar(range(len(names)), sign * said[state, order], color=colour, width=0.8)
        ax.axhline(0, color="#000000", linewidth=0.8)
        ax.set_xticks(range(len(names)), names)
        ax.set_yticks(ax.get_yticks(), [f"{abs(t):.2g}" for t in ax.get_yticks()])
        ax.set_ylabel(Text("probability", "概率").get(lang))
        for y, name, colour in (
            (0.9, Text("vowel state", "元音状态"), COLOURS[1]),
            (0.1, Text("other state", "另一状态"), COLOURS[0]),
        ):
            ax.text(0.98, y, name.get(lang), transform=ax.transAxes, ha="right", va="center", color=colour)
        return svg(figure, name="emissions")

    caption = Text(
        "What each state says: upwards the vowel state, downwards the other; sorted by the difference, ␣ is the blank.",
        "各状态发出字母的概率：向上为元音状态，向下为另一状态；按差值排序，␣ 为空格。",
    )
    alt = Text(
        f"Letters that the vowel state says more often: {sorted_letters(model, vowel)}; the other: {sorted_letters(model, 1 - vowel)}",
        f"元音状态更常发出的字母：{sorted_letters(model, vowel)}；另一状态：{sorted_letters(model, 1 - vowel)}",
    )
    return Picture(draw, caption, alt, wide=True)


def _strip(model: HiddenMarkovModel, held: np.ndarray, vowel: int) -> Picture:
    from gradus.report import Picture

    shown = held[:180]
    found = model.posterior(shown).states[:, vowel]
    spans = "".join(
        f'<span style="background:color-mix(in srgb,var(--series-2,#b5651d) {round(60 * p)}%,transparent)">{LETTERS[i]}</span>'
        for i, p in zip(shown, found, strict=True)
    )
    caption = Text(
        "The beginning of the held-out text; the deeper a letter is coloured, the more probable is the vowel state, given all of it.",
        "留出文本的开头；颜色越深，给定全部字母时处于元音状态的概率越大。",
    )
    sure = float((np.abs(found - 0.5) > 0.4).mean())
    alt = Text(
        f"Of {len(shown)} letters and blanks {sure:.0%} are put to one state with a probability above 90 %.",
        f"{len(shown)} 个字母与空格中，{sure:.0%} 以超过 90 % 的概率归于某一状态。",
    )
    return Picture(f'<p class="surprise">{spans}</p>', caption, alt, wide=True)
