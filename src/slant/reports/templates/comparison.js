"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dialog = document.querySelector("dialog");
  const body = dialog.querySelector(".d-body");
  const VOICES = { o: ["outlet", "own voice"], q: ["quoted", "quoted"], r: ["reader", "reader"] };
  const STANCES = { a: ["▼", "against"], n: ["=", "neutral"], f: ["▲", "favor"], u: ["·", "unrelated"], "-": ["–", "no call"] };
  const REPLIES = { support: "agrees", deny: "disagrees", query: "asks", comment: "comments" };
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const shown = (group) => (group === "(all)" ? "All" : group);

  // Offsets count code points; JavaScript strings count UTF-16 units.
  const marked = (text, spans) => {
    const points = [...text];
    const line = make("p", "", "txt");
    line.dir = "auto";
    const cuts = [...new Set([0, points.length, ...spans.flatMap(([a, b]) => [a, b])])].sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 1) {
      const inside = spans.filter(([a, b]) => a <= cuts[i] && cuts[i + 1] <= b);
      const piece = points.slice(cuts[i], cuts[i + 1]).join("");
      if (!inside.length) { line.append(piece); continue; }
      const mark = make("mark", piece, `f-wording v-${VOICES[inside.at(-1)[3]][0]}`);
      mark.title = inside.map((s) => `${data.words[s[2]]} ${s[4]} %, ${VOICES[s[3]][1]}`).join("; ");
      line.append(mark);
    }
    return line;
  };
  const quote = ([text, article, spans, stances, portrayals, frames, reply, cut, kind]) => {
    const box = make("div", "", "quote");
    const [title, outlet, published, url] = data.articles[article];
    const from = make("p", "", "from");
    const name = make(url ? "a" : "b", title || "Untitled");
    if (url) { name.href = url; name.rel = "noopener noreferrer nofollow"; }
    from.append(name, [outlet, published, kind === "comment" ? "a reader’s comment" : ""].filter(Boolean).map((x) => ` · ${x}`).join(""));
    const line = marked(text, spans);
    if (cut & 1) line.prepend("… ");
    if (cut & 2) line.append(" …");
    const chips = make("p", "", "chips");
    for (const [target, label, p] of stances) {
      const [sign, word] = STANCES[label];
      chips.append(make("span", `${sign} ${data.words[target]} ${word}${p ? ` ${p} %` : ""}`));
    }
    for (const [target, label, p] of portrayals)
      chips.append(make("span", `${data.words[target]} portrayed: ${data.words[label]}${p ? ` ${p} %` : ""}`));
    const seen = new Set();
    for (const [, , label, voice, p] of spans) {
      const chip = `${data.words[label]} ${p} %, ${VOICES[voice][1]}`;
      if (!seen.has(chip)) chips.append(make("span", chip));
      seen.add(chip);
    }
    for (const frame of frames) chips.append(make("span", `▢ ${data.words[frame]}`));
    if (reply) chips.append(make("span", `reply: ${REPLIES[reply] || reply}`));
    box.append(from, line, chips);
    return box;
  };
  const part = (key) => {
    const [group, measure] = key.split(".");
    const units = data.of[key] || [];
    const made = [];
    if (group !== "w") {
      const [name, raw] = [data.groups[group], data.measures[measure]];
      made.push(make("h3", `${shown(name)} · ${data.titles[measure]}`));
      const where = name === "(all)" ? "" : ` and group = “${name}”`;
      made.push(make("p", units.length
        ? `${units.length} drawn at random from the units counted here. All of them: tables/evidence.parquet, measure = “${raw}”${where}.`
        : "Nothing was counted here.", "note"));
    }
    return [...made, ...units.map((unit) => quote(data.units[unit]))];
  };
  const open = (title, ...parts) => {
    dialog.querySelector("h2").textContent = title;
    body.replaceChildren(...parts.flat());
    dialog.showModal();
    body.scrollTop = dialog.scrollTop = 0;
  };
  const heading = (button) => {
    if (button.dataset.title) return button.dataset.title;
    if (button.classList.contains("link")) return "The sentences behind it";
    const group = button.closest("tr").querySelector("th")?.textContent;
    return group ? `${group}: ${button.textContent}` : button.textContent;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-k]");
    if (!button) { if (event.target === dialog) dialog.close(); return; }
    const parts = button.dataset.k ? button.dataset.k.split(" ").map(part) : [];
    open(heading(button), ...(button.dataset.text ? [make("p", button.dataset.text)] : []), ...parts);
  });

  const form = document.querySelector("form.filter");
  if (!form) return;
  const size = (x) => (x >= 9.95 ? Math.round(x) : x >= 0.95 ? Math.round(x * 10) / 10 : x);
  const signed = (x) => (x > 0 ? "+" : x < 0 ? "−" : "") + size(Math.abs(x));
  const cell = (title, unit, pair, turned) => {
    const [a, b, difference, low, high, p, significant, detectable, keys] = pair;
    const gap = turned ? -difference : difference;
    const ends = low === null ? "" : ` (95 % interval ${signed(turned ? -high : low)} to ${signed(turned ? -low : high)})`;
    const [one, two] = [data.groups[turned ? b : a], b < 0 ? "all others" : data.groups[turned ? a : b]];
    const button = make("button", significant ? `${gap > 0 ? "▲" : "▼"} ${signed(gap)}` : `(${signed(gap)})`, "n");
    button.type = "button";
    button.dataset.k = keys;
    button.dataset.title = `${title}: ${one} – ${two}`;
    button.dataset.text = significant
      ? `${one} minus ${two}: ${signed(gap)} ${unit}${ends}, ${p < 0.001 ? "p < 0.001" : `p = ${p}`} after adjustment: a difference in the model’s labels.`
      : `${one} minus ${two}: ${signed(gap)} ${unit}${ends}. Not significant; between these two this sample could ${detectable === null ? "not have detected any difference" : `have detected ${detectable} ${unit}`}.`;
    button.setAttribute("aria-label", button.dataset.text);
    const box = make("td", "", significant ? "yes" : "");
    box.append(button);
    return box;
  };
  const draw = () => {
    const name = new FormData(form).get("measure");
    const option = form.querySelector("option:checked");
    const title = option.textContent.replace(/ \(\d+\)$/, "");
    const found = new Map();
    for (const pair of data.pairs[name] || []) {
      found.set(`${pair[0]}.${pair[1]}`, [pair, false]);
      if (pair[1] >= 0) found.set(`${pair[1]}.${pair[0]}`, [pair, true]);
    }
    const groups = [...data.groups.keys()].slice(0, -1).filter((g) => [...found.keys()].some((k) => k.startsWith(`${g}.`)));
    const columns = found.has(`${groups[0]}.-1`) || groups.some((g) => found.has(`${g}.-1`)) ? [-1, ...groups] : groups;
    const table = make("table");
    table.append(make("caption", title));
    const head = make("tr");
    head.append(make("td"));
    for (const c of columns) {
      const th = make("th");
      th.scope = "col";
      th.append(make("span", c < 0 ? "all others" : data.groups[c]));
      head.append(th);
    }
    table.createTHead().append(head);
    const rows = table.createTBody();
    for (const r of groups) {
      const row = make("tr");
      const th = make("th", data.groups[r]);
      th.scope = "row";
      row.append(th);
      for (const c of columns) {
        const at = found.get(`${r}.${c}`);
        row.append(at ? cell(title, option.dataset.unit, ...at) : make("td", r === c ? "" : "·", r === c ? "self" : ""));
      }
      rows.append(row);
    }
    document.querySelector(".matrix").replaceChildren(table);
  };
  form.hidden = false;
  form.addEventListener("change", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  draw();
})();
