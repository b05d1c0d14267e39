// How much is asked and how fast it is answered, for the last minute; the settings; and how to start again with nothing.

import { ask } from "./api.js";
import { h, json, say, svg } from "./dom.js";
import { onLive } from "./live.js";
import { duration } from "./text.js";

const SECONDS = 60;
const GROUPS = ["s2", "s3", "s4", "s5", "other"];
/** @type {Record<string, string>} */
const NAMES = { s2: "2xx", s3: "3xx", s4: "4xx", s5: "5xx", other: "cut off, or not listed" };

/** @typedef {{ counts: Record<string, number>, durations: number[] }} Second */

/** @type {import("./main.js").Part} */
export async function showOverview(main, signal) {
  /** @type {Map<number, Second>} */
  const seconds = new Map();
  const chart = h("div");
  const legend = h("ul", { class: "legend" });
  const settings = h("pre", { tabindex: 0, "aria-label": "Settings" });
  const isSure = h("dialog", { "aria-labelledby": "sure" }, h("form", { method: "dialog" },
    h("h2", { id: "sure" }, "Delete everything?"),
    h("p", {}, "Sessions, events, the journal, faults and the clock of the chosen tenant, or of all."),
    h("div", { class: "row" }, h("button", { class: "main", value: "reset" }, "Delete"), h("button", { value: "" }, "Keep it"))));
  isSure.addEventListener("close", async () => {
    if (isSure.returnValue !== "reset") return;
    await ask("POST", "reset", {});
    say("everything is deleted");
  });
  main.append(h("h1", {}, "Overview"), h("div", { class: "panel" }, h("h2", {}, "The last minute"), chart, legend),
    h("p", {}, h("button", { type: "button", click: () => isSure.showModal() }, "Reset")), isSure,
    h("h2", {}, "Settings"), settings);

  const draw = () => {
    const now = Math.floor(Date.now() / 1000);
    for (const second of seconds.keys()) if (second < now - SECONDS) seconds.delete(second);
    chart.replaceChildren(drawn(seconds, now));
    const all = [...seconds.values()];
    const total = sum(all.map((each) => sum(Object.values(each.counts))));
    const durations = all.flatMap((each) => each.durations).sort((one, other) => one - other);
    legend.replaceChildren(h("li", {}, `${total} requests`),
      ...GROUPS.map((group) => [group, sum(all.map((each) => each.counts[group] ?? 0))]).filter(([, count]) => count).map(
        ([group, count]) => h("li", {}, `${NAMES[String(group)]}: ${count}`)),
      h("li", {}, durations.length ? `median ${duration(at(durations, 0.5))}, 95 % within ${duration(at(durations, 0.95))}` : "no request in the last minute"));
  };
  onLive("news", signal, (/** @type {import("./live.js").News} */ news) => {
    for (const each of news.requests) {
      const group = each.status === null ? "other" : `s${Math.floor(each.status / 100)}`;
      note(seconds, Math.floor(each.time / 1000), GROUPS.includes(group) ? group : "other", 1, each.duration);
    }
    if (news.missed) note(seconds, Math.floor(Date.now() / 1000), "other", news.missed);
    draw();
  });
  draw();
  settings.textContent = json(await ask("GET", "settings", undefined, { scope: "", signal }));
}

/**
 * @param {Map<number, Second>} seconds
 * @param {number} second
 * @param {string} group
 * @param {number} count
 * @param {number} [took]
 */
function note(seconds, second, group, count, took) {
  const known = seconds.get(second) ?? { counts: {}, durations: [] };
  known.counts[group] = (known.counts[group] ?? 0) + count;
  if (took !== undefined) known.durations.push(took);
  seconds.set(second, known);
}

/**
 * @param {Map<number, Second>} seconds
 * @param {number} now
 */
function drawn(seconds, now) {
  const columns = Array.from({ length: SECONDS }, (_, place) => seconds.get(now - SECONDS + 1 + place));
  const highest = Math.max(1, ...columns.map((column) => sum(Object.values(column?.counts ?? {}))));
  const medians = columns.map((column) => at([...(column?.durations ?? [])].sort((one, other) => one - other), 0.5));
  const slowest = Math.max(1, ...medians);
  const bars = columns.flatMap((column, place) => {
    let below = 0;
    return GROUPS.map((group) => {
      const height = ((column?.counts[group] ?? 0) / highest) * 100;
      below += height;
      return height > 0 && svg("rect", { x: place + 0.1, width: 0.8, y: 100 - below, height, class: group });
    });
  });
  const line = medians.map((median, place) => `${place + 0.5},${100 - (median / slowest) * 95}`).join(" ");
  return svg("svg", { class: "chart", viewBox: `0 0 ${SECONDS} 100`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Requests of each of the last ${SECONDS} seconds, at most ${highest}, and how long they took, at most ${duration(slowest)}` },
  bars, svg("polyline", { points: line, class: "latency" }));
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((all, each) => all + each, 0);
}

/**
 * @param {number[]} sorted
 * @param {number} share
 */
function at(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
