// The views beside labeling: agreement, disagreements, one coder's units.
import { el } from "./spans.js";

const percent = (value) => (value === null ? "–" : value.toFixed(2));

export const agreementView = (found) => {
  if (!found.rows.length) {
    return [el("p", {}, "No unit has been labeled by two coders yet. A second coder opens this page under another name, and is shown the units chosen for a second reading.")];
  }
  const head = ["", "measure", "value", "95 % interval", "items", "articles"];
  return [
    el("p", {}, `${found.units} units read by two or more coders (${found.coders.join(", ")}), before adjudication.`),
    el("table", {},
      el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name || "label")))),
      el("tbody", {}, ...found.rows.map((row) => el("tr", {},
        el("th", { scope: "row" }, row.what.replaceAll("_", " ")), el("td", {}, row.measure),
        el("td", {}, percent(row.value)),
        el("td", {}, row.low === null || row.value === null ? "–" : `${percent(row.low)} to ${percent(row.high)}`),
        el("td", {}, String(row.n)), el("td", {}, String(row.documents)))))),
    el("p", { className: "hint" }, `alpha: Krippendorff’s alpha over all coders; 1 is full agreement, 0 what chance would give. Overlap F1: shared parts of the spans of two coders. – means that it cannot be computed: only one label occurs, or one coder marked nothing. Intervals resample articles and need ${found.min_documents} of them.`),
  ];
};

const question = ([task, name]) => (name ? `${task} toward ${name}` : task);

export const differencesView = (rows, open) => {
  if (!rows.length) return [el("p", {}, "No disagreements. Units that two coders have finished are compared here.")];
  const left = rows.filter((row) => !row.decided).length;
  return [
    el("p", {}, `${left} of ${rows.length} are open. Open one to see all answers and give the final one.`),
    el("ul", { className: "rows" }, ...rows.map((row) => el("li", {},
      el("button", { type: "button", onclick: () => open(row.unit_id) }, row.text),
      el("span", { className: "tag" }, `${row.decided ? "decided" : "open"} · ${row.differ.map(question).join(", ")} · ${row.coders.join(", ")}`)))),
  ];
};

export const unitsView = (rows, open) => {
  if (!rows.length) return [el("p", {}, "Nothing labeled yet.")];
  return [
    el("ul", { className: "rows" }, ...rows.map((row) => el("li", {},
      el("button", { type: "button", onclick: () => open(row.unit_id) }, row.text),
      el("span", { className: "tag" }, [`no. ${row.place + 1}`, row.status, row.flagged ? "flagged" : "", row.note ? `note: ${row.note}` : ""].filter(Boolean).join(" · "))))),
  ];
};
