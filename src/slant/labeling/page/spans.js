// The text of a unit with its marked spans. The server counts code points, the page UTF-16 units: they are converted here.

export const toPoints = (text, unit) => [...text.slice(0, unit)].length;
export const toUnits = (text, point) => [...text].slice(0, point).join("").length;

export const el = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("data-") || name.startsWith("aria-") || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
};

// Texts are only ever put in as text. ranges: [{start, end, className, title}] in UTF-16 units; they may overlap.
export const draw = (box, text, ranges) => {
  const edges = [...new Set([0, text.length, ...ranges.flatMap((r) => [r.start, r.end])])].sort((a, b) => a - b);
  const parts = [];
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [start, end] = [edges[i], edges[i + 1]];
    const over = ranges.filter((r) => r.start <= start && r.end >= end);
    const piece = text.slice(start, end);
    if (!over.length) { parts.push(piece); continue; }
    const marked = over.some((r) => r.mark);
    parts.push(el(marked ? "mark" : "span", { className: over.map((r) => r.className).join(" "),
      title: over.map((r) => r.title || "").filter(Boolean).join("; ") }, piece));
  }
  box.replaceChildren(...parts);
};

// The selection inside a box as [start, end] in UTF-16 units of its text, or null.
export const selected = (box) => {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!box.contains(range.commonAncestorContainer)) return null;
  const upTo = (node, offset) => {
    const before = document.createRange();
    before.selectNodeContents(box);
    before.setEnd(node, offset);
    return before.toString().length;
  };
  return [upTo(range.startContainer, range.startOffset), upTo(range.endContainer, range.endOffset)];
};

// Words as [start, end] in UTF-16 units. An apostrophe or hyphen between letters is part of a word.
export const wordsOf = (text) =>
  [...text.matchAll(/[\p{L}\p{M}\p{N}]+(?:['’\-‐][\p{L}\p{M}\p{N}]+)*|[^\s\p{P}\p{L}\p{M}\p{N}]+/gu)]
    .map((found) => [found.index, found.index + found[0].length]);

// Whole words: a selection that begins or ends inside a word takes the word in; blanks around it are dropped.
export const whole = (text, [start, end]) => {
  while (start < end && /\s/.test(text[start])) start += 1;
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  if (start === end) return null;
  for (const [from, to] of wordsOf(text)) {
    if (from < start && start < to) start = from;
    if (from < end && end < to) end = to;
  }
  return [start, end];
};
