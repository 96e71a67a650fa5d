"use strict";
// Folding and filtering are a comfort: without this script everything is there and can be read.
(() => {
  const controls = document.getElementById("controls");
  const search = document.getElementById("search");
  const folds = [...document.querySelectorAll("details.fold")];
  const rows = [...document.querySelectorAll("tr.claim")];
  const families = [...document.querySelectorAll("table.claims tbody")];
  const buttons = [...document.querySelectorAll("button[data-show]")];
  let shown = "all";

  const filter = () => {
    const words = search.value.trim().toLowerCase();
    for (const item of [...rows, ...folds]) {
      const fits = shown === "all" || item.dataset.verdict === shown;
      item.hidden = !(fits && (!words || item.textContent.toLowerCase().includes(words)));
    }
    for (const family of families) {
      family.hidden = ![...family.querySelectorAll("tr.claim")].some((row) => !row.hidden);
    }
  };
  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      shown = button.dataset.show;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      filter();
    });
  }
  search.addEventListener("input", filter);
  document.getElementById("open-all").addEventListener("click", () => folds.forEach((fold) => { fold.open = true; }));
  document.getElementById("close-all").addEventListener("click", () => folds.forEach((fold) => { fold.open = false; }));
  window.addEventListener("hashchange", openTarget);
  controls.hidden = rows.length === 0;
  openTarget();
})();
