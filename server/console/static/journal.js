// The journal: each request and its response, as they happen.

import { ask, withQuery } from "./api.js";
import { copyable, copyButton, h, json, say } from "./dom.js";
import { onLive } from "./live.js";
import { asCurl, asNodeTest, asPytest } from "./snippets.js";
import { cut, duration, fallbacks, moment, statusClass, timeOfDay } from "./text.js";

/**
 * @typedef {import("./live.js").Seen} Seen
 * @typedef {Seen & { request: Record<string, any>, response: Record<string, any> }} Entry
 */

const PAGE = 100;
const MOST = 500; // entries that the list holds
const MOST_TEXT = 100_000; // characters of a body that are shown

/** @type {import("./main.js").Part} */
export async function showJournal(main, signal, ...place) {
  const wanted = place.join("/");
  const operation = h("select", {}, h("option", { value: "" }, "any"));
  const status = h("input", { inputmode: "numeric", size: 5, placeholder: "any" });
  const path = h("input", { type: "search", placeholder: "any" });
  const only = h("select", {}, ...["everything", "errors", "fallbacks", "faults"].map((each) => h("option", {}, each)));
  const isHeld = h("button", { type: "button", "aria-pressed": "false", click: () => {
    const held = isHeld.getAttribute("aria-pressed") !== "true";
    isHeld.setAttribute("aria-pressed", String(held));
    if (!held) draw();
  } }, "Pause");
  const list = h("ol", { class: "entries" });
  const empty = h("div", { class: "empty", hidden: true }, h("p", {}, "No request yet that fits. This makes one:"), copyable(
    `curl ${location.origin}/v1/sessions -H 'Authorization: Bearer demo' -H 'Content-Type: application/json' -d '{}'`, "command"));
  const detail = h("section", { class: "detail panel", "aria-label": "The chosen request" }, h("p", { class: "dim" }, "Choose a request."));
  const missed = h("p", { class: "dim", role: "status" });
  main.append(h("h1", {}, "Journal"),
    h("div", { class: "row" }, h("label", {}, "Operation", operation), h("label", {}, "Status", status),
      h("label", {}, "Path contains", path), h("label", {}, "Show", only), isHeld,
      h("button", { type: "button", click: () => void clear() }, "Clear the journal")),
    h("div", { class: "split" }, h("div", {}, empty, list, missed), detail));
  /** @type {Map<string, Seen>} */
  const entries = new Map();
  let chosen = "";
  let lost = 0;
  /** @type {Set<string>} */
  let drawn = new Set();

  const fits = (/** @type {Seen} */ each) =>
    (!operation.value || each.operation === operation.value)
    && (!status.value || String(each.status ?? "none").startsWith(status.value))
    && (!path.value || each.path.includes(path.value))
    && (only.value !== "errors" || each.status === null || each.status >= 400)
    && (only.value !== "fallbacks" || each.fallbacks !== "")
    && (only.value !== "faults" || each.faults.length > 0);
  const draw = () => {
    const shown = [...entries.values()].filter(fits).reverse();
    const known = new Set([...operation.options].map((option) => option.value));
    for (const name of new Set([...entries.values()].map((each) => each.operation))) {
      if (name && !known.has(name)) operation.append(h("option", { value: name }, name));
    }
    const focused = document.activeElement?.getAttribute("data-key");
    list.replaceChildren(...shown.map((each) => item(each, keyOf(each) === chosen, drawn.size > 0 && !drawn.has(keyOf(each)), choose)));
    drawn = new Set(entries.keys());
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
    empty.hidden = shown.length > 0;
    missed.textContent = lost ? `${lost} more were too many to list as they came` : "";
  };
  const take = (/** @type {Seen[]} */ seen) => {
    for (const each of seen) entries.set(keyOf(each), each);
    for (const key of [...entries.keys()].slice(0, Math.max(0, entries.size - MOST))) entries.delete(key);
  };
  const choose = async (/** @type {Seen} */ seen) => {
    chosen = keyOf(seen);
    history.replaceState(null, "", `#/journal/${chosen}`);
    draw();
    const entry = await ask("GET", `requests/${encodeURIComponent(seen.id)}`, undefined, { scope: seen.tenant, signal });
    detail.replaceChildren(...detailsOf(entry, [...entries.values()].filter(fits).reverse()));
    detail.scrollTop = 0;
    if (matchMedia("(max-width: 56rem)").matches) detail.scrollIntoView();
    say("details of the request");
  };
  const clear = async () => {
    await ask("DELETE", "requests", undefined, { signal });
    entries.clear();
    lost = 0;
    draw();
    say("the journal is empty");
  };
  for (const input of [operation, status, path, only]) input.addEventListener("input", draw);
  const { requests } = await ask("GET", withQuery("requests", { limit: PAGE }), undefined, { signal });
  take(requests.map(headOf).reverse());
  draw();
  if (wanted) {
    const seen = entries.get(wanted) ?? { id: place[0] ?? "", tenant: place[1] ?? "" };
    await choose(/** @type {Seen} */ (seen));
  }
  onLive("news", signal, (/** @type {import("./live.js").News} */ news) => {
    if (!news.requests.length) return;
    take(news.requests);
    lost += news.missed;
    if (isHeld.getAttribute("aria-pressed") !== "true") draw();
  });
}

/**
 * What is listed of an entry, without headers and bodies.
 * @param {Entry} entry
 * @returns {Seen}
 */
function headOf({ request, response: _, ...about }) {
  return { ...about, method: request.method, path: request.path, query: request.query };
}

/** @param {Seen} seen */
function keyOf(seen) {
  return `${seen.id}/${seen.tenant}`;
}

/**
 * @param {Seen} seen
 * @param {boolean} isChosen
 * @param {boolean} isNew
 * @param {(seen: Seen) => Promise<void>} choose
 */
function item(seen, isChosen, isNew, choose) {
  const notes = [...fallbacks(seen.fallbacks).map(({ name, reason }) => `${name}: ${reason}`)].join(", ");
  return h("li", { class: isNew ? "new" : "" }, h("button", { type: "button", "data-key": keyOf(seen), "aria-current": isChosen ? "true" : null,
    click: () => void choose(seen).catch(() => {}) },
    h("time", { class: "dim" }, timeOfDay(seen.time)), h("span", {}, seen.method), h("span", { class: "path", title: cut(seen.path, 500) }, cut(seen.path, 200)),
    h("span", { class: `number ${statusClass(seen.status)}` }, seen.status ?? "cut off"),
    (notes || seen.faults.length > 0 || !seen.operation) && h("span", { class: "notes" },
      !seen.operation && h("span", { class: "warn" }, "not mocked "),
      seen.faults.length > 0 && h("span", { class: "bad" }, `fault ${seen.faults.join(", ")} `),
      notes && h("span", { class: "warn" }, cut(notes, 300)))));
}

/**
 * @param {Entry} entry
 * @param {Seen[]} others
 */
function detailsOf(entry, others) {
  const with_ = h("select", {}, ...others.filter((each) => keyOf(each) !== keyOf(entry)).slice(0, 100).map(
    (each) => h("option", { value: keyOf(each) }, `${timeOfDay(each.time)} ${each.method} ${cut(each.path, 40)} ${each.status ?? ""}`)));
  const told = fallbacks(entry.fallbacks);
  return [
    h("h2", {}, `${entry.request.method} ${cut(entry.request.path, 300)}`),
    h("dl", { class: "facts" }, ...facts(entry).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ...(told.length ? [h("h3", {}, "Fallbacks"), h("ul", {}, told.map(({ name, reason }) => h("li", {}, h("code", {}, name || "the body"), ` ${reason}`)))] : []),
    ...message("Request", entry.request),
    ...message("Response", entry.response),
    h("div", { class: "row" }, copyButton(() => asCurl(entry), "Copy as curl"), copyButton(() => asPytest(entry), "Copy as pytest"),
      copyButton(() => asNodeTest(entry), "Copy as Node test")),
    ...(with_.options.length ? [h("div", { class: "row" }, h("label", {}, "Compare with", with_), h("button", { type: "button",
      click: () => { location.hash = `#/compare/${keyOf(entry)}/${with_.value}`; } }, "Compare"))] : []),
  ];
}

/**
 * @param {Entry} entry
 * @returns {[string, string][]}
 */
function facts(entry) {
  /** @type {[string, string | null][]} */
  const all = [
    ["operation", entry.operation ?? "none: this is not mocked"],
    ["status", entry.status === null ? "none: the connection was cut off" : String(entry.status)],
    ["at", moment(entry.time)],
    ["took", duration(entry.duration)],
    ["tenant", entry.tenant],
    ["profile", entry.profile],
    ["faults", entry.faults.join(", ")],
    ["id", entry.id],
  ];
  return /** @type {[string, string][]} */ (all.filter(([, value]) => value));
}

/**
 * @param {string} name
 * @param {Record<string, any>} part
 */
function message(name, part) {
  const headers = Object.entries(part.headers).map(([header, value]) => `${header}: ${value}`).join("\n");
  return [
    h("h3", {}, name),
    h("details", {}, h("summary", {}, "Headers"), h("pre", { tabindex: 0, "aria-label": `${name} headers` }, (part.query ? `?${part.query}\n` : "") + headers)),
    h("pre", { tabindex: 0, "aria-label": `${name} body` }, bodyOf(part)),
  ];
}

/**
 * A body as it is shown.
 * @param {Record<string, any>} part
 */
export function bodyOf(part) {
  if (!part.size) return "(no body)";
  const text = part.encoding === "json" ? json(part.body) : String(part.body);
  const shown = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  return part.cut ? `${shown}\n… (${part.size} bytes; the journal keeps the first 64 KiB)` : shown;
}
