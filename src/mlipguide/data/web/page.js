"use strict";
const plain = { axis: { labelColor: "currentColor", titleColor: "currentColor", domainColor: "currentColor", tickColor: "currentColor", gridColor: "#88888844" }, legend: { labelColor: "currentColor", titleColor: "currentColor", orient: "bottom", columns: 3 }, title: { color: "currentColor" }, text: { color: "currentColor" }, view: { stroke: null }, font: "system-ui, sans-serif" };
const views = CHARTS.map((chart, place) => vegaEmbed(document.querySelector(`[data-chart="${place}"]`), { ...chart.spec, background: null, config: plain }, { actions: false, renderer: "svg", ast: false }).then(({ view }) => view));

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = button.dataset.copy;
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

for (const box of document.querySelectorAll("[data-slider]")) {
  const place = Number(box.dataset.slider), { signal, stops } = CHARTS[place].slider;
  const input = box.querySelector("input"), output = box.querySelector("output"), totals = box.querySelector(".totals");
  input.addEventListener("input", async () => {
    const stop = stops[Number(input.value)];
    output.textContent = stop.label;
    totals.replaceChildren(...stop.totals.map(({ name, words }) => {
      const item = document.createElement("li"), bold = document.createElement("b");
      bold.textContent = name; item.append(bold, " " + words);
      return item;
    }));
    const view = await views[place];
    view.signal(signal, stop.value).runAsync();
  });
}

function order(cell) {
  const text = cell.dataset.order;
  if (text === undefined) return null;
  return text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], heads = [...table.querySelectorAll("th")];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row) => [order(row.cells[column]), row]);
    rows.sort(([one], [other]) => one === null ? (other === null ? 0 : 1) : other === null ? -1 : (one < other ? -1 : one > other ? 1 : 0) * (down ? -1 : 1));
    body.append(...rows.map(([, row]) => row));
  }));
}

for (const input of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.getElementById(input.dataset.filter).tBodies[0].rows];
  input.addEventListener("input", () => {
    const word = input.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(word);
  });
}
