"use strict";
(() => {
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;

  /* Numbers as a reader writes them: 0.25, 1/4, 25 %, "1, 2; 3, 4"; null where a part is none. */
  function numbers(words) {
    const narrow = { "−": "-", "，": ",", "；": ";", "％": "%" };
    const trimmed = words.trim().replace(/^[()[\]]+|[()[\]]+$/g, "");
    const digits = trimmed.replace(/[０-９]/g, (c) => String(c.charCodeAt(0) - 0xff10));
    const plain = digits.replace(/[−，；％]/g, (c) => narrow[c]);
    const rows = plain.split(";").map((row) => {
      const joined = row.trim().replace(/\s*([/%])\s*/g, "$1 ").replaceAll("/ ", "/");
      return joined.split(/[,\s]+/).filter((part) => part).map(number);
    });
    const same = rows.every((row) => row.length === rows[0].length && row.every((x) => x !== null));
    if (!same || !rows[0].length) return null;
    return rows.length > 1 ? rows : rows[0];
  }

  function number(part) {
    const percent = part.endsWith("%");
    const pieces = (percent ? part.slice(0, -1) : part).split("/");
    if (pieces.length > 2 || !pieces.every((piece) => NUMBER.test(piece))) return null;
    const value = Number(pieces[0]) / (pieces.length === 2 ? Number(pieces[1]) : 1);
    if (pieces.length === 2 && !Number.isFinite(value)) return null;
    return percent ? value / 100 : value;
  }

  const shape = (value) => (Array.isArray(value) ? [value.length, ...shape(value.length ? value[0] : 0)] : []);
  const flat = (value) => (Array.isArray(value) ? value.flat(Infinity) : [value]);

  function agrees(values, right, tolerance) {
    const v = flat(values), r = flat(right).map(Number);
    if (v.length !== r.length) return false;
    const size = Math.max(1e-12, ...r.map(Math.abs));
    return r.every((x, i) => x === v[i] || Math.abs(v[i] - x) <= tolerance * size);
  }

  /* A vector for a number, a matrix in one line, and a column for a vector are taken as what they hold. */
  function fits(values, right) {
    const v = shape(values), r = shape(right);
    if (JSON.stringify(v) === JSON.stringify(r)) return true;
    const line = (lengths) => lengths.filter((n) => n !== 1).length < 2;
    return flat(values).length === flat(right).length && (v.length < 2 || (line(v) && line(r)));
  }

  /* {right, mistake}, or null where the answer is no answer. */
  function grade(kind, judge, answer) {
    if (kind === "choice") return { right: answer === judge.answer, mistake: answer };
    const values = numbers(answer);
    if (values === null || (kind === "number" && flat(values).length !== 1)) return null;
    const near = (right, tolerance) => fits(values, right) && agrees(values, right, tolerance);
    if (near(judge.answer, judge.tolerance)) return { right: true, mistake: "" };
    const led = (tolerance) => Object.entries(judge.mistakes).find(([, wrong]) => near(wrong, tolerance));
    const rounded = near(judge.answer, judge.rounding) ? undefined : led(judge.rounding);
    const mistake = led(judge.tolerance) || rounded;
    return { right: false, mistake: mistake ? mistake[0] : "" };
  }

  function answered(exercise, words) {
    const form = exercise.querySelector("form"), output = exercise.querySelector(".judged");
    const kind = exercise.dataset.kind, judge = JSON.parse(exercise.dataset.judge);
    const choice = form.querySelector("input:checked");
    const answer = kind === "choice" ? choice && choice.value : form.querySelector("input").value;
    exercise.classList.remove("right", "wrong");
    exercise.querySelectorAll(".remark").forEach((remark) => { remark.hidden = true; });
    if (!answer) { output.textContent = kind === "choice" ? words.noChoice : words.unread; return; }
    const result = grade(kind, judge, answer);
    if (result === null) { output.textContent = words.unread; return; }
    exercise.classList.add(result.right ? "right" : "wrong");
    output.textContent = result.right ? "✓ " + words.right : "✗ " + words.wrong;
    if (result.right) exercise.querySelector(".solution").open = true;
    const remark = !result.right && result.mistake && exercise.querySelector(`[data-remark="${result.mistake}"]`);
    if (remark) remark.hidden = false;
    exercise.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: result }));
  }

  async function copy(text) {
    try { await navigator.clipboard.writeText(text); return; } catch { /* not allowed from a file in some browsers */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }

  function addCopyButtons() {
    const { copy: label, copied } = document.body.dataset;
    document.querySelectorAll("pre").forEach((pre) => {
      const holder = document.createElement("div"), button = document.createElement("button");
      holder.className = "copyable";
      button.type = "button";
      button.className = "copy";
      button.textContent = label;
      button.addEventListener("click", async () => {
        await copy(pre.innerText);
        button.textContent = copied;
        setTimeout(() => { button.textContent = label; }, 1500);
      });
      pre.before(holder);
      holder.append(pre, button);
    });
  }

  /* What is wider than its line scrolls by itself, fades where it goes on, and is reached by the keyboard. */
  function fit() {
    document.querySelectorAll("math:not([display=block])").forEach((math) => {
      if (math.closest(".formula, .scroll, dt, svg, .slim")) return;
      const holder = math.closest("p, li, dd, td, figcaption, div");
      if (!holder || !holder.clientWidth || math.getBoundingClientRect().width <= holder.clientWidth) return;
      const slim = document.createElement("span");
      slim.className = "slim";
      math.before(slim);
      slim.append(math);
    });
    document.querySelectorAll(".formula, .scroll, .slim, .moving .drawing, pre, dl.symbols dt, .erratum dd").forEach((box) => {
      const wider = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
      box.classList.toggle("wider", wider && box.tagName !== "PRE");
      if (wider) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }

  /* What the address names may stand within something folded. */
  function openTarget() {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && !name.includes("=") && document.getElementById(name);
    for (let part = target && target.parentElement; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") part.open = true;
    }
    if (target) target.scrollIntoView();
  }

  function start() {
    document.querySelectorAll(".exercises").forEach((list) => {
      const words = { ...list.dataset };
      list.addEventListener("submit", (event) => {
        event.preventDefault();
        answered(event.target.closest(".exercise"), words);
      });
    });
    addCopyButtons();
    fit();
    if (document.fonts) document.fonts.ready.then(fit);
    addEventListener("resize", fit);
    document.addEventListener("toggle", fit, true);
    addEventListener("hashchange", openTarget);
    openTarget();
  }

  window.gradus = Object.assign(window.gradus || {}, { numbers, grade, openTarget });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
