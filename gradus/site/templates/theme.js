"use strict";
/* Before anything is drawn: the theme that the reader chose. */
(() => {
  const kept = (name) => { try { return localStorage.getItem("gradus." + name); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem("gradus." + name, value); } catch { /* not kept, then */ } };
  const theme = kept("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  window.gradus = { kept, keep };
})();
