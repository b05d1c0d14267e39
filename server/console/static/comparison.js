// Two entries of the journal, line by line.

import { ask } from "./api.js";
import { h, json } from "./dom.js";
import { bodyOf } from "./journal.js";
import { moment } from "./text.js";

const MOST_LINES = 1000; // of each text; the lines beyond are not compared

/** @type {import("./main.js").Part} */
export async function showComparison(main, signal, ...place) {
  const [one, other] = await Promise.all([place.slice(0, 2), place.slice(2, 4)].map(([id = "", tenant = ""]) =>
    ask("GET", `requests/${encodeURIComponent(id)}`, undefined, { scope: tenant, signal })));
  main.append(h("p", {}, h("a", { href: "#/journal" }, "The journal")), h("h1", {}, "Comparison"),
    h("p", {}, h("span", { class: "bad" }, "− "), `${moment(one.time)}, ${one.id}`), h("p", {}, h("span", { class: "good" }, "+ "), `${moment(other.time)}, ${other.id}`));
  for (const name of ["request", "response"]) {
    main.append(h("h2", {}, name === "request" ? "Request" : "Response"), difference(textOf(one, name), textOf(other, name)));
  }
}

/**
 * @param {Record<string, any>} entry
 * @param {string} name
 */
function textOf(entry, name) {
  const part = entry[name];
  const first = name === "request" ? `${part.method} ${part.path}${part.query ? `?${part.query}` : ""}` : `status ${entry.status}`;
  return [first, json(part.headers), bodyOf(part), name === "response" ? `fallbacks: ${entry.fallbacks}\nfaults: ${entry.faults.join(", ")}` : ""].join("\n").trimEnd();
}

/**
 * @param {string} one
 * @param {string} other
 */
function difference(one, other) {
  const steps = compared(one.split("\n").slice(0, MOST_LINES), other.split("\n").slice(0, MOST_LINES));
  const isSame = steps.every(([sign]) => sign === " ");
  const list = h("ul", { class: "diff" }, steps.map(([sign, line]) =>
    h("li", { class: sign === "+" ? "added" : sign === "-" ? "removed" : "" }, h("span", { class: "visually-hidden" }, sign === "+" ? "added " : sign === "-" ? "removed " : ""), `${sign} ${line}`)));
  return isSame ? h("p", {}, "They are the same.") : list;
}

/**
 * The lines of both, each with a sign, by their longest common subsequence.
 * @param {string[]} one
 * @param {string[]} other
 * @returns {[string, string][]}
 */
export function compared(one, other) {
  const lengths = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  const at = (/** @type {number} */ row, /** @type {number} */ column) => lengths[row]?.[column] ?? 0;
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = other.length - 1; column >= 0; column -= 1) {
      const line = /** @type {Uint16Array} */ (lengths[row]);
      line[column] = one[row] === other[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  /** @type {[string, string][]} */
  const steps = [];
  let row = 0;
  let column = 0;
  while (row < one.length || column < other.length) {
    if (row < one.length && column < other.length && one[row] === other[column]) {
      steps.push([" ", one[row] ?? ""]);
      row += 1;
      column += 1;
    } else if (column >= other.length || (row < one.length && at(row + 1, column) >= at(row, column + 1))) {
      steps.push(["-", one[row] ?? ""]);
      row += 1;
    } else {
      steps.push(["+", other[column] ?? ""]);
      column += 1;
    }
  }
  return steps;
}
