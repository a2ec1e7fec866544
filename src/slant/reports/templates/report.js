"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const units = [...document.querySelectorAll("article .unit")];
  const articles = [...document.querySelectorAll("article")];
  const says = (unit, name, value) => !value || unit.dataset[name].includes("|" + value + "|");
  const apply = () => {
    const { outlet, target, label } = Object.fromEntries(new FormData(form));
    let shown = 0;
    for (const row of document.querySelectorAll("[data-outlet]"))
      row.classList.toggle("off", Boolean(outlet) && row.dataset.outlet !== outlet);
    for (const unit of units) {
      const off = !(says(unit, "t", target) && says(unit, "l", label));
      unit.classList.toggle("off", off);
      if (!off && !unit.closest("article.off")) shown += 1;
    }
    const left = articles.filter((a) => !a.classList.contains("off")).length;
    form.querySelector("output").textContent =
      outlet || target || label ? `${shown} of ${units.length} units in ${left} of ${articles.length} articles` : "";
  };
  form.hidden = false;
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply(); // browsers may restore the choice after a reload
})();
