"""Write the pinyin of every Chinese name that a search may be given; `tools/make_index.py` does so first."""

from collections.abc import Iterable

from gradus.catalogue.pages import load
from gradus.catalogue.subjects import subjects
from gradus.catalogue.words import PINYIN, fold, is_chinese
from gradus.files import write_atomically

# where a character is read otherwise than most often, and pypinyin does not know the word
READINGS = {
    "似然": "si ran",
    "重积分": "chong ji fen",
    "重计算": "chong ji suan",
    "重物化": "chong wu hua",
    "重参数化": "chong can shu hua",
    "重采样": "chong cai yang",
    "重球": "zhong qiu",
    "行列式": "hang lie shi",
    "行向量": "hang xiang liang",
    "埃尔朗": "ai er lang",
}


def names() -> list[str]:
    """The Chinese names of all concepts and subjects, folded."""
    concepts = (name for c in load() for name in (*c.title, *c.aliases))
    known = (name for subject in subjects().values() for name in subject.names)
    return sorted({fold(name) for name in (*concepts, *known) if is_chinese(name)})


def readings(names: Iterable[str]) -> dict[str, str]:
    """The syllables of each name, without tones, ü written v; Latin words stand as they are."""
    from pypinyin import lazy_pinyin, load_phrases_dict

    load_phrases_dict({word: [[s] for s in syllables.split()] for word, syllables in READINGS.items()})
    return {name: " ".join(" ".join(lazy_pinyin(name)).split()) for name in names}


def table() -> str:
    """What the file must hold."""
    return "".join(f"{name}\t{syllables}\n" for name, syllables in readings(names()).items())


def write_pinyin() -> None:
    """Writes the file."""
    write_atomically(PINYIN, [table().encode()])
