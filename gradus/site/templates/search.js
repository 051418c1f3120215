"use strict";
/* The search of the command line, word for word (gradus/catalogue/search.py). */
(() => {
  const WIDE = 0x2e80, FORGIVING = 5, PLURAL = 4, LEAST = 0.8, NEAR = 0.6, IN_NAMES = 1.4, SUBJECT = 1.2, INITIALS = 4.5;
  let table = null;

  const wide = (word) => word.codePointAt(0) >= WIDE;

  function fold(text) {
    const plain = text.normalize("NFKC").toLowerCase().replaceAll("++", " plus plus");
    const runs = plain.match(/(?:(?![\u2e80-\u{10ffff}_])[\p{L}\p{N}\p{M}])+|(?:(?![\u0000-\u2e7f])[\p{L}\p{N}\p{M}])+/gu);
    return (runs || []).join(" ");
  }

  function scores(query, rows) {
    const words = fold(query).split(" ").filter(Boolean);
    if (!words.length) return rows.map(() => 0);
    const found = ofWords(words, rows), one = words.map((word) => singular(word, rows));
    if (one.join(" ") === words.join(" ")) return found;
    return ofWords(one, rows).map((score, i) => Math.max(score, found[i]));
  }

  function ofWords(words, rows) {
    const searched = words.filter((word) => !table.stop.includes(word));
    const near = new Map(searched.filter((word) => !wide(word)).map((word) => [word, misspelt(word, rows)]));
    return rows.map((row) => Math.max(wholly(words, row), byWords(searched, near, row)));
  }

  function wholly(query, row) {
    const name = query.join(" "), letters = query.join("").replaceAll("ü", "v");
    if (row.names.includes(`| ${name} |`)) return 6 + (row.names.startsWith(`| ${name} |`) ? 0.5 : 0);
    const pinyin = letters.length > 1 ? row.pinyin : "";
    if (pinyin.includes(`|${letters}|`)) return 5;
    if (pinyin.includes(`/${letters}/`)) return INITIALS;
    if (name.length > 1 && row.names.includes(`| ${name}`)) return 3 + share(`| ${name}`, row.names, " |");
    if (letters.length > 3) {
      if (pinyin.includes(`|${letters}`)) return 2.5 + share(`|${letters}`, pinyin, "|");
      if (letters.length > 5 && pinyin.includes(letters)) return 1.5;
    }
    return 0;
  }

  function share(beginning, names, end) {
    const rests = names.split(beginning).slice(1).map((rest) => (rest + end).indexOf(end));
    return beginning.length / (beginning.length + Math.min(...rests));
  }

  function byWords(query, near, row) {
    const parts = query.map((word) => (near.has(word) ? latin(word, row, near.get(word)) : inChinese(word, row)));
    return (2 * parts.reduce((a, b) => a + b, 0)) / Math.max(query.length, 1);
  }

  function latin(word, row, near) {
    if (row.names.includes(` ${word} `)) return 1;
    if (word.length > 2 && row.names.includes(` ${word}`)) return 0.9;
    if (near.some((other) => row.names.includes(` ${other} `) || row.pinyin.includes(`|${other}|`))) return 0.8;
    return onThePage(word, ` ${row.terms} `, ` ${row.summary} `, ` ${word} `);
  }

  function inChinese(word, row) {
    if (row.names.includes(word)) return row.names.includes(` ${word} `) ? 1 : 0.95;
    const page = onThePage(word, row.terms, row.summary, word), letters = [...word];
    const pairs = letters.slice(0, -1).map((c, i) => c + letters[i + 1]);
    const met = pairs.filter((pair) => row.names.includes(pair)).length;
    return pairs.length ? Math.max(page, (0.8 * met) / pairs.length) : 0;
  }

  function onThePage(word, terms, summary, wanted) {
    if (word.length === 1 && !wide(word)) return 0;
    return terms.includes(wanted) ? 0.5 : summary.includes(wanted) ? 0.45 : 0;
  }

  function singular(word, rows) {
    const one = word.slice(0, -1), plural = word.length >= PLURAL && word.endsWith("s");
    return plural && rows.some((row) => row.names.includes(` ${one} `)) ? one : word;
  }

  function misspelt(word, rows) {
    if (word.length < FORGIVING || rows.some((row) => row.names.includes(` ${word}`))) return [];
    const known = new Set(rows.flatMap((row) => [...row.names.split(" "), ...row.pinyin.split("|")]));
    return [...known].filter((other) => Math.abs(other.length - word.length) < 2 && oneEditApart(word, other));
  }

  function oneEditApart(word, other) {
    let first = 0;
    while (first < Math.min(word.length, other.length) && word[first] === other[first]) first += 1;
    let a = word.slice(first), b = other.slice(first);
    while (a && b && a.at(-1) === b.at(-1)) [a, b] = [a.slice(0, -1), b.slice(0, -1)];
    return Math.max(a.length, b.length) === 1 || (a.length === 2 && a === [...b].reverse().join(""));
  }

  /* {pages, subject}: what is found, best first; the subject without a page that the words name better. */
  function search(query) {
    const found = scores(query, table.concepts);
    const ranked = table.concepts.map((row, i) => [found[i], row]).filter(([score]) => score >= LEAST);
    ranked.sort((a, b) => b[0] - a[0]);
    const best = ranked.length ? ranked[0][0] : 0;
    const pages = ranked.filter(([score]) => score >= Math.min(NEAR * best, IN_NAMES)).slice(0, 10).map(([, row]) => row);
    let subject = null;
    if (best < INITIALS) {
      scores(query, table.subjects).reduce((most, score, i) => {
        if (score <= most) return most;
        subject = table.subjects[i];
        return score;
      }, Math.max(best, SUBJECT));
    }
    return { pages, subject };
  }

  const words = (names) => ({ names: names[0], pinyin: names[1], terms: names[2], summary: names[3] });

  window.gradus.words = (made) => {
    table = {
      stop: made.stop,
      concepts: made.concepts.map(([key, en, zh, area, ...rest]) => ({ key, en, zh, area, ...words(rest) })),
      subjects: made.subjects.map(([key, en, zh, nearest, ...rest]) => ({ key, en, zh, nearest, ...words(rest) })),
    };
    if (window.gradus.wordsCame) window.gradus.wordsCame();
  };
  window.gradus.search = search;

  const dialog = document.getElementById("search");
  if (!dialog) return;
  const input = dialog.querySelector("input"), list = dialog.querySelector("ul"), said = dialog.querySelector(".search-said");
  const lang = document.body.dataset.lang;
  let chosen = 0;

  function load() {
    return new Promise((resolve) => {
      if (table) { resolve(); return; }
      window.gradus.wordsCame = resolve;
      if (document.querySelector("script[data-words]")) return;
      const script = document.createElement("script");
      script.src = "../assets/search-words.js";
      script.dataset.words = "";
      document.head.append(script);
    });
  }

  function option(row, number) {
    const item = document.createElement("li"), link = document.createElement("a"), other = document.createElement("span");
    item.setAttribute("role", "option");
    item.id = `found-${number}`;
    link.href = `${row.key}.html`;
    link.tabIndex = -1;
    link.textContent = row[lang];
    other.textContent = lang === "zh" ? row.en : row.zh;
    other.lang = lang === "zh" ? "en" : "zh-Hans";
    link.append(" ", other);
    item.append(link);
    return item;
  }

  async function show() {
    await load();
    const { pages, subject } = input.value.trim() ? search(input.value) : { pages: [], subject: null };
    said.textContent = "";
    let rows = pages;
    if (subject) {
      said.textContent = dialog.dataset.subject.replace("{}", () => subject[lang]);
      rows = subject.nearest.map((key) => table.concepts.find((c) => c.key === key)).filter(Boolean);
    } else if (input.value.trim() && !pages.length) said.textContent = dialog.dataset.none;
    list.replaceChildren(...rows.map(option));
    choose(0);
  }

  function choose(number) {
    const items = [...list.children];
    chosen = items.length ? (number + items.length) % items.length : 0;
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
    if (items.length) input.setAttribute("aria-activedescendant", `found-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
    if (items[chosen]) items[chosen].scrollIntoView({ block: "nearest" });
  }

  function open() {
    if (!dialog.open) dialog.showModal();
    input.select();
    load();
  }

  document.querySelectorAll("[data-open-search]").forEach((button) => button.addEventListener("click", open));
  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    }
  });
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); choose(chosen + step); }
    if (event.key === "Enter") {
      event.preventDefault();
      const link = list.children[chosen] && list.children[chosen].querySelector("a");
      if (link) link.click();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
})();
