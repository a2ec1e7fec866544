// One unit at a time: questions, marks, keys. Every change is saved at once. Texts are only ever put in as text.
import { agreementView, differencesView, unitsView } from "./lists.js";
import { draw, el, selected, toPoints, toUnits, whole, wordsOf } from "./spans.js";

const $ = (id) => document.getElementById(id);
const KEYS = [..."123456789qwertyuiop"];
const TITLES = { stance: "Stance toward", portrayal: "Portrayal of", loaded: "Loaded language", frames: "Frames", reply: "How it answers" };
let project, coder, unit, answer, readings, adjudicating = false;
let active = 0; // question that keys answer
let cursor = null; // [first, last] word while marking by keyboard
let picked = null; // [start, end] in UTF-16 units, waiting for its technique
let trail = []; // units before this one
let saving = Promise.resolve();
let busy = false; // a finished unit is being saved: what is pressed meanwhile is not about it

const say = (text) => { $("said").textContent = text; };
const trouble = (text) => { $("trouble").textContent = text; $("trouble").hidden = !text; };

const ask = async (path, given = {}) => {
  const query = new URLSearchParams(Object.entries(given).filter(([, value]) => value));
  return read(await fetch(`api/${path}?${query}`));
};
const send = async (path, given) =>
  read(await fetch(`api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(given) }));
const read = async (response) => {
  const found = await response.json();
  if (!response.ok) throw new Error(found.error.detail);
  return found;
};
const who = () => (adjudicating ? { adjudicate: true } : { coder });

// ---- saving

const save = (more = {}) => {
  const body = { ...who(), unit_id: unit.unit_id, answer: structuredClone(answer), ...more };
  saving = saving.then(async () => {
    try {
      const found = await send("answer", body);
      trouble("");
      showProgress(found.progress);
      return found;
    } catch (error) {
      trouble(error instanceof TypeError ? "Not saved: the server does not answer. Start slant label again; then answer once more." : error.message);
      return null;
    }
  });
  return saving;
};

const finish = async (skip = false) => {
  if (!unit || busy) return;
  answer.note = $("note").value;
  if (!skip) {
    const open = unit.questions.map((q, i) => [q, i]).filter(([q]) => !answered(q));
    document.querySelectorAll("fieldset.q").forEach((box, i) => box.classList.toggle("open-question", open.some(([, j]) => i === j)));
    if (open.length) {
      say(`${open.length} ${open.length === 1 ? "question has" : "questions have"} no answer yet.`);
      activate(open[0][1], true);
      return;
    }
  }
  busy = true;
  try {
    if (await save(skip ? { skip: true } : { finish: true })) {
      trail.push(unit.unit_id);
      if (adjudicating) await nextDifference();
      else await load();
    }
  } catch (error) { trouble(error.message); } finally { busy = false; }
};

const undo = async () => {
  await saving;
  try {
    const { unit_id } = await send("undo", who());
    if (!unit_id) { say("Nothing to undo."); return; }
    await load(unit_id);
    say("Undone.");
  } catch (error) { trouble(error.message); }
};

// ---- one unit

const load = async (unit_id = "") => {
  let found;
  try { found = await ask("unit", { ...who(), unit: unit_id }); } catch (error) { trouble(error.message); return; }
  trouble("");
  show("label");
  showProgress(found.progress);
  ({ unit, answer, readings } = found);
  cursor = picked = null;
  $("marking").hidden = true;
  $("mode").hidden = !adjudicating;
  $("mode").textContent = adjudicating ? "Final answer. The names of the coders are beside what they chose; what they agree on is filled in." : "";
  $("questions").hidden = !unit;
  $("passage").hidden = !unit;
  if (!unit) {
    $("facts").textContent = "All done: no unit is open for you.";
    $("context").replaceChildren(el("p", {}, "Close the page, stop the server with Ctrl-C, and write the labels with slant label … --export gold."));
    $("passage-hint").textContent = "";
    say("All done.");
    return;
  }
  const of = found.progress.total;
  $("facts").textContent = `Unit ${unit.place + 1} of ${of} · ${unit.kind.replace("_", " ")}${found.status ? ` · ${found.status}` : ""}`;
  $("context").replaceChildren(...context());
  $("note").value = answer.note;
  $("flag").setAttribute("aria-pressed", String(answer.flagged));
  $("passage-hint").textContent = asks("loaded") ? "Select words to mark loaded language." : "";
  $("asked").replaceChildren(...unit.questions.map(question), ...coderNotes());
  drawText();
  activate(Math.max(0, unit.questions.findIndex((q) => !answered(q))));
  scrollTo(0, 0);
  $("work").focus({ preventScroll: true });
  say(`Unit ${unit.place + 1} of ${of}.`);
};

const context = () => {
  const parts = [];
  if (unit.title && unit.kind !== "title") parts.push(el("p", { className: "ctx head" }, unit.title));
  if (unit.parent) parts.push(el("div", { className: "ctx parent" }, el("b", {}, "It answers"), el("p", {}, unit.parent)));
  else if (unit.before && unit.before !== unit.title) parts.push(el("div", { className: "ctx" }, el("b", {}, "Before it"), el("p", {}, unit.before)));
  return parts;
};

const coderNotes = () => Object.entries(readings || {}).filter(([, a]) => a.note)
  .map(([name, a]) => el("p", { className: "coder-notes" }, `${name}: ${a.note}`));

const asks = (task) => unit.questions.some((q) => q.task === task);
const answered = (q) => (q.target ? answer[q.task][q.target] : answer[q.task]) != null;
const chosenBy = (test) => Object.entries(readings || {}).filter(([, a]) => test(a)).map(([name]) => name).join(", ");

const question = (q, i) => {
  const task = project.tasks[q.task];
  const legend = el("legend", {}, TITLES[q.task] + (q.name ? " " : ""), q.name ? el("b", {}, q.name) : "");
  const box = el("fieldset", { className: "q", "data-i": String(i) }, legend);
  box.addEventListener("focusin", () => activate(i));
  box.addEventListener("pointerdown", () => activate(i));
  if (q.task === "loaded") box.append(loadedBox());
  else box.append(options(q, i, task));
  box.append(definitions(task));
  return box;
};

const option = (type, name, key, label, checked, by, onchange) =>
  el("label", { className: "opt" }, el("input", { type, name, checked, onchange }), label, key ? el("kbd", {}, key) : "",
    by ? el("span", { className: "by" }, by) : "");

const options = (q, i, task) => {
  const many = q.task === "frames";
  const made = task.labels.map(({ label, name }, n) => {
    const on = many ? (answer.frames || []).includes(label) : (q.target ? answer[q.task][q.target] : answer[q.task]) === label;
    const main = many && (answer.frames || [])[0] === label && answer.frames.length > 1 ? " (main)" : "";
    const by = chosenBy((a) => (many ? (a.frames || []).includes(label) : (q.target ? a[q.task][q.target] : a[q.task]) === label));
    return option(many ? "checkbox" : "radio", `q${i}`, KEYS[n], name + main, on, by, () => choose(i, n));
  });
  if (many) made.push(option("checkbox", `q${i}`, "0", "None of them", answer.frames !== null && !answer.frames.length, chosenBy((a) => a.frames && !a.frames.length), () => choose(i, -1)));
  return el("div", { className: "opts" }, ...made);
};

const definitions = (task) => el("details", { className: "defs" }, el("summary", {}, "Definitions ", el("kbd", {}, "d")),
  el("dl", {}, ...task.labels.flatMap((l) => [el("dt", {}, l.name),
    el("dd", {}, l.definition, ...(l.example ? [el("div", { className: "ex" }, `Example: ${l.example}`)] : []),
      ...(l.counter_example ? [el("div", { className: "ex" }, `But: ${l.counter_example}`)] : []))])),
  task.rule ? el("p", { className: "rule" }, el("b", {}, "Rules. "), task.rule) : "");

const redraw = (i) => {
  const old = document.querySelector(`fieldset.q[data-i="${i}"]`);
  const opened = old.querySelector(".defs").open;
  const pressed = old.contains(document.activeElement) && document.activeElement.matches("button");
  const place = [...old.querySelectorAll("input, select")].indexOf(document.activeElement);
  const fresh = question(unit.questions[i], i);
  fresh.querySelector(".defs").open = opened;
  fresh.classList.toggle("active", i === active);
  old.replaceWith(fresh);
  if (place >= 0) [...fresh.querySelectorAll("input, select")][place]?.focus();
  if (pressed) $("work").focus({ preventScroll: true }); // its button may be gone; Enter must not press another one
};

// n: number of the label, -1 for none. byKey: go on to the next question.
const choose = (i, n, byKey = false) => {
  const q = unit.questions[i];
  const label = n < 0 ? null : project.tasks[q.task].labels[n]?.label;
  if (label === undefined) return;
  if (q.task === "frames") {
    const now = answer.frames || [];
    if (n < 0) answer.frames = answer.frames && !now.length ? null : [];
    else answer.frames = now.includes(label) ? now.filter((f) => f !== label) : [...now, label];
    if (n >= 0 && !answer.frames.length) answer.frames = null;
  } else if (q.task === "loaded") {
    if (n >= 0) return;
    if (answer.loaded?.length) { say("Remove the marked spans first."); return; }
    answer.loaded = answer.loaded ? null : [];
    drawText();
  } else if (n < 0) return;
  else if (q.target) answer[q.task][q.target] = label;
  else answer[q.task] = label;
  redraw(i);
  save();
  say(`${TITLES[q.task]}${q.name ? ` ${q.name}` : ""}: ${n < 0 ? "none" : project.tasks[q.task].labels[n].name}`);
  if (byKey && (q.task !== "frames" || n < 0) && answered(q)) step(1);
};

const activate = (i, scroll = false) => {
  active = i;
  document.querySelectorAll("fieldset.q").forEach((box, j) => box.classList.toggle("active", i === j));
  if (scroll) document.querySelector("fieldset.q.active")?.scrollIntoView({ block: "nearest" });
};
const step = (by) => activate(Math.min(Math.max(active + by, 0), unit.questions.length - 1), true);

// ---- spans

const label = (name) => project.tasks.loaded.labels.find((l) => l.label === name)?.name || name;
const wordsAt = (mark) => unit.text.slice(toUnits(unit.text, mark.start), toUnits(unit.text, mark.end));
const sameMark = (a, b) => a.start === b.start && a.end === b.end && a.label === b.label && a.voice === b.voice;

const drawText = () => {
  const ranges = (answer.loaded || []).map((m) => ({ start: toUnits(unit.text, m.start), end: toUnits(unit.text, m.end), mark: true,
    className: `v-${m.voice}`, title: `${label(m.label)}, ${m.voice}` }));
  if (cursor) {
    const words = wordsOf(unit.text);
    const [from, to] = [Math.min(...cursor), Math.max(...cursor)];
    ranges.push({ start: words[from][0], end: words[to][1], className: "cursor" });
  }
  draw($("passage"), unit.text, ranges);
};

const loadedBox = () => {
  const box = el("div");
  const marks = answer.loaded || [];
  box.append(el("ul", { className: "spans" }, ...marks.map((m, n) => {
    const change = (name) => (event) => { marks[n] = { ...m, [name]: event.target.value }; put(marks); };
    const choice = (name, values, named) => el("select", { onchange: change(name), "aria-label": `${named} of “${wordsAt(m)}”` },
      ...values.map(([value, text]) => el("option", { value, selected: value === m[name] }, text)));
    return el("li", {}, el("q", {}, wordsAt(m)),
      choice("label", project.tasks.loaded.labels.map((l) => [l.label, l.name]), "Technique"),
      choice("voice", project.voices.map((v) => [v, v]), "Voice"),
      el("button", { type: "button", "aria-label": `Remove “${wordsAt(m)}”`, onclick: () => put(marks.filter((_, j) => j !== n)) }, "Remove"));
  })));
  for (const [name, other] of Object.entries(readings || {})) {
    for (const m of other.loaded || []) {
      const there = marks.some((own) => sameMark(own, m));
      box.append(el("p", { className: "coder-notes" }, `${name}: “${wordsAt(m)}” ${label(m.label)}, ${m.voice} `,
        there ? "" : el("button", { type: "button", "aria-label": `Take “${wordsAt(m)}” of ${name}`, onclick: () => put([...marks, m]) }, "Take")));
    }
    if (other.loaded && !other.loaded.length) box.append(el("p", { className: "coder-notes" }, `${name}: none`));
  }
  if (!marks.length) box.append(option("checkbox", "none", "0", "No loaded language", answer.loaded !== null, "", () => choose(loadedIndex(), -1)));
  return box;
};
const loadedIndex = () => unit.questions.findIndex((q) => q.task === "loaded");

const put = (marks) => {
  answer.loaded = marks.length ? [...marks].sort((a, b) => a.start - b.start || a.end - b.end) : null;
  drawText();
  redraw(loadedIndex());
  save();
};

const offer = () => {
  if (!unit || !asks("loaded") || cursor) return;
  const found = selected($("passage"));
  picked = found && whole(unit.text, found);
  $("marking").hidden = !picked;
  if (picked) $("mark").replaceChildren(`Mark “${unit.text.slice(...picked)}” `, el("kbd", {}, "m"));
};

const mark = () => {
  if (!asks("loaded")) return;
  if (cursor) {
    const words = wordsOf(unit.text);
    picked = [words[Math.min(...cursor)][0], words[Math.max(...cursor)][1]];
  }
  if (!picked) {
    if (!wordsOf(unit.text).length) return;
    cursor = [0, 0];
    $("passage").focus();
    drawText();
    sayCursor();
    return;
  }
  const [start, end] = [toPoints(unit.text, picked[0]), toPoints(unit.text, picked[1])];
  const usual = unit.voices.find(([a, b]) => a <= start && start < b)?.[2] || project.voices[0];
  $("techniques-title").textContent = `“${unit.text.slice(...picked)}”: which technique?`;
  $("voice").replaceChildren(...project.voices.map((v) => el("option", { value: v, selected: v === usual }, v)));
  $("technique-list").replaceChildren(...project.tasks.loaded.labels.map((l, n) =>
    el("button", { type: "button", onclick: () => add(start, end, n) }, KEYS[n] ? el("kbd", {}, KEYS[n]) : "", el("span", {}, l.name), el("small", {}, l.definition))));
  $("techniques").showModal();
  $("technique-list").firstChild.focus();
};

const add = (start, end, n) => {
  const made = { start, end, label: project.tasks.loaded.labels[n].label, voice: $("voice").value };
  $("techniques").close();
  leave();
  put([...(answer.loaded || []).filter((m) => !sameMark(m, made)), made]);
  say(`Marked “${wordsAt(made)}” as ${label(made.label)}, ${made.voice}.`);
};

const leave = () => {
  cursor = picked = null;
  $("marking").hidden = true;
  getSelection().removeAllRanges();
  drawText();
};

const move = (by, extend) => {
  const last = wordsOf(unit.text).length - 1;
  const to = Math.min(Math.max(cursor[1] + by, 0), last);
  cursor = [extend ? cursor[0] : to, to];
  drawText();
  document.querySelector("#passage .cursor")?.scrollIntoView({ block: "nearest" });
  sayCursor();
};
const sayCursor = () => say(`“${document.querySelector("#passage .cursor")?.textContent ?? ""}” – ← → move, Shift extends, Enter marks, Esc leaves`);

// ---- views

const show = (view) => {
  $("view-label").hidden = view !== "label";
  $("view-list").hidden = view === "label";
  document.querySelectorAll("nav button").forEach((b) => {
    if (b.dataset.view === (adjudicating && view === "label" ? "differences" : view)) b.setAttribute("aria-current", "page");
    else b.removeAttribute("aria-current");
  });
};

const openView = async (view) => {
  await saving;
  adjudicating = false;
  if (view === "label") { trail = []; await load(); return; }
  unit = null;
  try {
    if (view === "agreement") list(view, "Agreement", agreementView(await ask("agreement")));
    if (view === "differences") list(view, "Disagreements", differencesView(await ask("differences"), decide));
    if (view === "units") list(view, `Units of ${coder}`, unitsView(await ask("units", { coder }), (id) => load(id)));
  } catch (error) { trouble(error.message); }
};

const list = (view, title, parts) => {
  show(view);
  $("list-title").textContent = title;
  $("list").replaceChildren(...parts);
  $("list-title").focus();
  say("");
};

const decide = async (unit_id) => { adjudicating = true; await load(unit_id); };
const nextDifference = async () => {
  const open = (await ask("differences")).find((row) => !row.decided);
  if (open) await decide(open.unit_id);
  else await openView("differences");
};

const showProgress = (p) => {
  $("progress").textContent = adjudicating ? `${p.done} decided` : `${p.done} done · ${p.open} open`;
  $("meter").max = Math.max(p.done + p.skipped + p.open, 1);
  $("meter").value = p.done + p.skipped;
};

const back = async () => {
  const before = trail.pop();
  if (before) await load(before);
  else say("No unit before this one. All of yours are under My units.");
};

const name = async () => {
  $("coders").replaceChildren(...project.coders.map((value) => el("option", { value })));
  $("coder").value = coder || "";
  do {
    $("who-dialog").showModal();
    await new Promise((resolve) => { $("who-dialog").addEventListener("close", resolve, { once: true }); });
    coder = $("coder").value.trim() || coder;
  } while (!coder);
  $("who").textContent = `Coder: ${coder}`;
};

// ---- keys

const typing = (target) => target.matches?.("textarea, select, input:not([type=radio]):not([type=checkbox])");
const techniqueKey = (event) => {
  const n = KEYS.indexOf(event.key);
  if (n >= 0 && $("technique-list").children[n] && event.target.id !== "voice") { event.preventDefault(); $("technique-list").children[n].click(); }
};
const markingKey = (event) => {
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") move(event.key === "ArrowRight" ? 1 : -1, event.shiftKey);
  else if (event.key === "Enter" || event.key === "m") mark();
  else if (event.key === "Escape") { leave(); say(""); } else return false;
  return true;
};
const COMMANDS = {
  Enter: () => finish(), s: () => finish(true), f: () => $("flag").click(), n: () => $("note").focus(), z: undo, b: back, m: mark,
  j: () => step(1), k: () => step(-1), "?": () => $("help").showModal(),
  d: () => { const found = document.querySelector("fieldset.q.active .defs"); if (found) found.open = !found.open; },
  0: () => choose(active, -1, true),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("techniques").open) { techniqueKey(event); return; }
  if (document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") { event.target.blur(); $("work").focus(); }
    return;
  }
  if (event.key === "?") { event.preventDefault(); COMMANDS["?"](); return; }
  if ($("view-label").hidden || !unit || busy) return;
  if (cursor && markingKey(event)) { event.preventDefault(); return; }
  if (event.key === "Enter" && event.target.matches?.("button, summary, a")) return;
  const n = KEYS.indexOf(event.key);
  if (n >= 0) { event.preventDefault(); choose(active, n, true); } else if (COMMANDS[event.key]) { event.preventDefault(); COMMANDS[event.key](); }
});
document.addEventListener("click", (event) => { if (busy) { event.preventDefault(); event.stopPropagation(); } }, true);
document.addEventListener("selectionchange", offer);
$("mark").addEventListener("click", mark);
$("mark").addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
$("questions").addEventListener("submit", (event) => { event.preventDefault(); finish(); });
$("skip").addEventListener("click", () => finish(true));
$("undo").addEventListener("click", undo);
$("back").addEventListener("click", back);
$("flag").addEventListener("click", () => {
  answer.flagged = !answer.flagged;
  $("flag").setAttribute("aria-pressed", String(answer.flagged));
  save();
  say(answer.flagged ? "Flagged." : "No longer flagged.");
});
$("note").addEventListener("change", () => { answer.note = $("note").value; save(); });
$("help-open").addEventListener("click", () => $("help").showModal());
$("who").addEventListener("click", async () => { await saving; await name(); adjudicating = false; trail = []; await load(); });
document.querySelectorAll("[data-close]").forEach((b) => b.addEventListener("click", () => b.closest("dialog").close()));
document.querySelectorAll("nav button").forEach((b) => b.addEventListener("click", () => openView(b.dataset.view)));

try {
  project = await ask("project");
  document.title = `${project.file} – slant label`;
  coder = project.coder;
  $("who").textContent = coder ? `Coder: ${coder}` : "Coder";
  if (!coder) await name();
  await load();
} catch (error) { trouble(`The page cannot start: ${error.message}`); }
