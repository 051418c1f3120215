"use strict";
(() => {
  const { kept, keep } = window.gradus;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* Theme: the system's, until the reader chooses. */
  function themes() {
    const button = document.querySelector(".theme");
    if (!button) return;
    button.addEventListener("click", () => {
      const root = document.documentElement;
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      const now = root.dataset.theme || (dark ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
      keep("theme", root.dataset.theme);
    });
  }

  /* Language: the same place of the page in the other language. */
  function languages() {
    if (document.body.classList.contains("landing")) {
      const chosen = kept("language") || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "");
      const link = chosen && document.querySelector(`[data-language="${chosen}"]`);
      if (link && !location.hash) location.replace(link.href);
      return;
    }
    keep("language", document.body.dataset.lang);
    const link = document.querySelector("a.language");
    const base = link.getAttribute("href");
    link.addEventListener("click", () => {
      keep("language", document.body.dataset.lang === "zh" ? "en" : "zh");
      const place = location.hash.includes("=") ? location.hash.slice(1) : placeNow();
      link.setAttribute("href", place ? `${base}#${place}` : base);
    });
  }

  function placeNow() {
    const above = all("main [id]").filter((e) => e.offsetParent && e.getBoundingClientRect().top < 120);
    const named = above.filter((e) => /^(H2|SECTION|DL|LI|DIV|A)$/.test(e.tagName) && !e.closest("svg"));
    return scrollY > 200 && named.length ? named[named.length - 1].id : "";
  }

  /* Figures: frames are handed over by a script beside the page, which may be loaded from disk, too. */
  const waiting = new Map();

  window.gradus.frames = async (key, packed) => {
    const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const frames = JSON.parse(await new Response(stream).text());
    waiting.get(key)(frames);
  };

  function figures() {
    all("figure.moving").forEach((figure) => {
      const sliders = figure.querySelector(".sliders");
      if (sliders) new Moving(figure, sliders);
    });
  }

  class Moving {
    constructor(figure, sliders) {
      this.drawing = figure.querySelector(".drawing");
      this.caption = figure.querySelector("figcaption");
      this.start = [this.drawing.innerHTML, this.caption.textContent];
      this.inputs = all("input", sliders);
      this.key = figure.dataset.concept;
      this.source = sliders.dataset.frames;
      sliders.hidden = false;
      for (const input of this.inputs) {
        input.addEventListener("input", () => this.moved(input, true));
        for (const early of ["pointerenter", "focus"]) input.addEventListener(early, () => this.load(), { once: true });
      }
      addEventListener("hashchange", () => this.fromAddress());
      this.fromAddress();
    }

    load() {
      this.loading ||= new Promise((resolve, reject) => {
        waiting.set(this.key, resolve);
        const script = document.createElement("script");
        script.src = this.source;
        script.onerror = reject;
        document.head.append(script);
      });
      return this.loading;
    }

    labels(input) { return JSON.parse(input.dataset.labels); }

    async moved(input, byHand) {
      for (const other of this.inputs) {
        if (other !== input) other.value = other.dataset.start;
        const label = this.labels(other)[Number(other.value)];
        other.nextElementSibling.textContent = label;
        other.setAttribute("aria-valuetext", label);
      }
      const place = Number(input.value), atStart = input.value === input.dataset.start;
      if (byHand) this.toAddress(atStart ? "" : `${input.name}=${this.labels(input)[place]}`);
      const turn = this.turn = (this.turn || 0) + 1;
      const frame = atStart ? this.start : (await this.load())[input.name][place];
      if (turn !== this.turn || !frame) return;
      [this.drawing.innerHTML, this.caption.textContent] = frame;
    }

    toAddress(state) {
      const address = state ? `#${state}` : location.pathname + location.search;
      try { history.replaceState(null, "", address); } catch { /* some browsers refuse it on files */ }
    }

    fromAddress() {
      const [name, value] = decodeURIComponent(location.hash.slice(1)).split("=");
      const input = value && this.inputs.find((i) => i.name === name);
      const place = input ? this.labels(input).indexOf(value) : -1;
      if (place < 0) return;
      input.value = String(place);
      this.moved(input, false);
      this.drawing.scrollIntoView({ block: "center" });
    }
  }

  /* Which exercises were answered rightly, and which pages are done. */
  function progress() {
    let known = {};
    try { known = JSON.parse(kept("answers") || "{}"); } catch { /* begin anew */ }
    const { key } = document.body.dataset;
    const exercises = all(".exercise form").map((form) => form.closest(".exercise"));
    const mark = () => exercises.forEach((e) => e.classList.toggle("known", (known[key] || []).includes(e.dataset.name)));
    mark();
    document.addEventListener("answered", (event) => {
      if (!event.detail.right) return;
      known[key] = [...new Set([...(known[key] || []), event.target.dataset.name])];
      keep("answers", JSON.stringify(known));
      if (exercises.every((e) => known[key].includes(e.dataset.name))) keep("done." + key, "1");
      mark();
    });
    all("a[data-key]").forEach((link) => link.classList.toggle("done", kept("done." + link.dataset.key) === "1"));
  }

  /* The section that is being read is marked in the contents. */
  function contents() {
    const links = new Map(all(".here a").map((a) => [a.getAttribute("href").slice(1), a]));
    const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    if (!headings.length) return;
    const update = () => {
      const passed = headings.filter((h) => h.getBoundingClientRect().top < innerHeight / 3);
      const now = (passed[passed.length - 1] || headings[0]).id;
      links.forEach((a, id) => (id === now ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current")));
    };
    addEventListener("scroll", update, { passive: true });
    update();
  }

  /* The roadmap: what leads to a concept, and what it opens. */
  function roadmap() {
    const chips = new Map(all(".roadmap .chip").map((chip) => [chip.dataset.key, chip]));
    if (!chips.size) return;
    const needs = (key) => chips.get(key).dataset.needs.split(" ").filter((k) => chips.has(k));
    const opens = new Map([...chips.keys()].map((k) => [k, []]));
    chips.forEach((_, key) => needs(key).forEach((need) => opens.get(need).push(key)));
    const closure = (key, next) => {
      const seen = new Set(), stack = [key];
      while (stack.length) for (const k of next(stack.pop())) if (!seen.has(k)) { seen.add(k); stack.push(k); }
      return seen;
    };
    const root = document.querySelector(".roadmap");
    const show = (key) => {
      const below = key ? closure(key, needs) : new Set(), above = new Set(key ? opens.get(key) : []);
      root.classList.toggle("pointed", Boolean(key));
      chips.forEach((chip, k) => {
        chip.classList.toggle("self", k === key);
        chip.classList.toggle("below", below.has(k));
        chip.classList.toggle("above", above.has(k));
      });
      return [below.size, above.size];
    };
    if (matchMedia("(hover: none)").matches) { tapped(root, chips, show); return; }
    for (const [event, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
      root.addEventListener(event, (e) => { const c = e.target.closest(".chip"); if (c) show(c.dataset.key); });
      root.addEventListener(end, (e) => { if (e.target.closest(".chip")) show(null); });
    }
  }

  /* A finger cannot point: the first tap leaves what belongs to the concept alone and offers its page, a second one opens it. */
  function tapped(root, chips, show) {
    const panel = document.querySelector(".tapped"), link = panel.querySelector("a");
    let chosen = null;
    const choose = (key) => {
      const counts = show(chosen = key);
      root.classList.toggle("alone", Boolean(key));
      panel.hidden = !key;
      if (!key) return;
      const chip = chips.get(key);
      link.href = chip.href;
      link.textContent = chip.textContent;
      panel.querySelector("p").textContent = panel.dataset.words.replace(/\{\}/g, () => counts.shift());
      chip.scrollIntoView({ block: "center" });
    };
    root.addEventListener("click", (e) => {
      const chip = e.target.closest(".chip");
      if (!chip || chip.dataset.key === chosen) return;
      e.preventDefault();
      choose(chip.dataset.key);
    });
    panel.querySelector("button").addEventListener("click", () => {
      const was = chips.get(chosen);
      choose(null);
      was.scrollIntoView({ block: "center" });
    });
  }

  function keys() {
    addEventListener("keydown", (event) => {
      if (event.target.closest("input, textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
      const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
      const link = rel && !event.target.closest("[tabindex]") && document.querySelector(`a[rel="${rel}"]`);
      if (link) link.click();
    });
  }

  themes();
  languages();
  figures();
  progress();
  contents();
  roadmap();
  keys();
})();
