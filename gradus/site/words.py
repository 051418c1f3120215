"""Every word that the site says around its articles, in English and in Chinese."""

from __future__ import annotations

from gradus.catalogue.subjects import NO_PAGE
from gradus.report.words import WORDS as ARTICLE
from gradus.text import Text

OWN: dict[str, Text] = {
    "site": Text("Gradus", "Gradus"),
    "motto": Text(
        "The mathematics of deep learning, executable and verified", "深度学习的数学：可执行、可验证"
    ),
    "index": Text("Concepts", "概念"),
    "roadmap": Text("Roadmap", "路线图"),
    "routes": Text("Routes", "学习路线"),
    "timeline": Text("Timeline", "时间线"),
    "errata-list": Text("Errata", "勘误"),
    "reference-list": Text("References", "参考文献"),
    "search": Text("Search", "搜索"),
    "search-hint": Text(
        "English, 中文, pinyin; a misspelling is forgiven", "中文、拼音、英文均可，可容忍一处拼写错误"
    ),
    "search-none": Text(
        "Nothing found; try another word, English, Chinese or pinyin (softmax, 卷积, juanji).",
        "没有找到；可换用其他中文、英文或拼音词（如 卷积、softmax、juanji）。",
    ),
    "search-subject": NO_PAGE,
    "close": Text("Close", "关闭"),
    "skip": Text("Skip to the text", "跳到正文"),
    "theme": Text("Light or dark", "浅色或深色"),
    "other-language": Text("中文", "English"),
    "menu": Text("Menu", "菜单"),
    "on-this-page": Text("On this page", "本页内容"),
    "needed": Text("It needs", "需要先懂"),
    "opens": Text("It opens", "由此通向"),
    "nothing-needed": Text("Nothing: begin here.", "无：可以从这里开始。"),
    "previous": Text("Previous", "上一篇"),
    "next": Text("Next", "下一篇"),
    "slider": Text("Move a slider; the others stand at their start.", "拖动滑块；其余滑块停在起点。"),
    "index-lead": Text(
        "{} concepts, each with why, derivation, an example by hand, code beside its definition, exercises, and evidence measured on a machine.",
        "{} 个概念；每个都有缘由、推导、手算例子、与定义并列的代码、练习，以及在机器上测得的证据。",
    ),
    "roadmap-lead": Text(
        "Each row needs only what stands above it. Point at a concept, or tap it, to see what leads to it and what it opens.",
        "每一行只需要它上面各行的内容。指向或轻点某个概念，即可看到通向它的概念与它所通向的概念。",
    ),
    "tapped": Text("{} lead to it, it opens {}.", "通向它的概念 {} 个，它通向的概念 {} 个。"),
    "show-all": Text("Show all", "显示全部"),
    "step": Text("Step {}", "第 {} 步"),
    "routes-lead": Text(
        "Four walks through the concepts, in order, each for one kind of reader.",
        "四条学习路线，按次序穿过各个概念，各适合一类读者。",
    ),
    "weeks": Text("about {} weeks", "约 {} 周"),
    "week": Text("about 1 week", "约 1 周"),
    "goal": Text("Goal: {}", "目标：{}"),
    "timeline-lead": Text("The concepts by year, with the people.", "按年份排列的概念与人物。"),
    "errata-lead": Text(
        "{} wrong forms in circulation, each refuted by a counterexample that is computed on its page.",
        "{} 个流传的错误写法，每个都由其页面上计算出的反例驳倒。",
    ),
    "references-lead": Text(
        "Every source that a page names, and the pages that name it.",
        "各页所引用的全部文献，及引用它的页面。",
    ),
    "choose": Text("Choose a language", "选择语言"),
    "unmeasured": Text("Not measured on this machine yet:", "尚未在本机测量："),
    "footer": Text(
        "Gradus {}. Nothing on this page was loaded from a network.",
        "Gradus {}。本页没有从网络加载任何内容。",
    ),
}

WORDS: dict[str, Text] = {**ARTICLE, **OWN}

#: The headings of an article's sections that are no prose, for the contents beside it.
SECTION_WORDS = {
    "statement": "statement",
    "proof": "proof",
    "figure": "figure",
    "definition": "in-code",
    "errata": "errata",
    "evidence": "evidence-page",
    "sources": "sources",
}
