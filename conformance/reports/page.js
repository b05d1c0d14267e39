// Shows what fits the filters, and how many that are; a subject without any is left out.

const filters = /** @type {HTMLSelectElement[]} */ ([...document.querySelectorAll("[data-filter]")]);
const items = [...document.querySelectorAll("details")];

function show() {
  for (const item of items) {
    item.hidden = !filters.every(({ dataset, value }) => !value || item.dataset[dataset.filter ?? ""]?.split(" ").includes(value));
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = ![...section.querySelectorAll("details")].some((item) => !item.hidden);
    const link = document.querySelector(`nav a[href="#${section.querySelector("h2")?.id}"]`)?.parentElement;
    if (link) link.hidden = section.hidden;
  }
  const shown = items.filter((item) => !item.hidden && !item.closest(".failures")).length;
  const count = document.querySelector("output");
  if (count) count.textContent = `${shown} shown`;
}

for (const filter of filters) filter.addEventListener("input", show);
show();
