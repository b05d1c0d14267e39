// Reports of `hivestand check` from the folder that the server was given, and what changed between two of them.

import { ask } from "./api.js";
import { copyable, h, json } from "./dom.js";
import { cut, moment } from "./text.js";

/**
 * @typedef {{ name: string, time: number, size: number }} Listed
 * @typedef {{ id: string, level: string, title: string, operation: string, status: string, reason: string, expected: unknown, actual: unknown,
 *   evidence: { curl: string, response: { status: number, body: string | null } }[] }} Outcome
 * @typedef {{ target: string, seed: number, requests: number, seconds: number, summary: Record<string, number>, requirements: Outcome[] }} Report
 */

/** @type {import("./main.js").Part} */
export async function showReports(main, signal, ...names) {
  main.append(h("h1", {}, "Reports"));
  if (names.length === 2 && names[0] && names[1]) await showBoth(main, signal, names[0], names[1]);
  else if (names[0]) await showOne(main, signal, names[0]);
  else await showList(main, signal);
}

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 */
async function showList(main, signal) {
  const { reports } = await ask("GET", "reports", undefined, { scope: "", signal });
  if (!reports.length) {
    main.append(h("div", { class: "empty" }, h("p", {}, "No report yet. This writes one, where the server was started with --reports:"),
      copyable(`hivestand check ${location.origin} --json reports/$(date +%s).json`, "command")));
    return;
  }
  const [one, other] = [0, 1].map((place) => h("select", {}, reports.map((/** @type {Listed} */ each, /** @type {number} */ number) =>
    h("option", { value: each.name, selected: number === Math.min(1 - place, reports.length - 1) }, each.name))));
  main.append(
    h("ul", {}, reports.map((/** @type {Listed} */ each) => h("li", {}, h("a", { href: `#/reports/${encodeURIComponent(each.name)}` }, each.name), h("span", { class: "dim" }, ` ${moment(each.time)}`)))),
    h("div", { class: "row" }, h("label", {}, "Earlier", one), h("label", {}, "Later", other), h("button", { type: "button",
      click: () => { location.hash = `#/reports/${encodeURIComponent(one?.value ?? "")}/${encodeURIComponent(other?.value ?? "")}`; } }, "Compare")));
}

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 * @param {string} name
 */
async function showOne(main, signal, name) {
  const report = await reportOf(name, signal);
  const failed = report.requirements.filter((each) => each.status === "failed");
  main.append(back(), h("h2", {}, name), h("p", {}, `${report.target}, seed ${report.seed}, ${report.requests} requests in ${report.seconds} s`),
    h("p", {}, Object.entries(report.summary).map(([status, count]) => `${count} ${status.replaceAll("_", " ")}`).join(", ")),
    failed.length ? h("div", {}, failed.map(shown)) : h("p", { class: "good" }, "Nothing failed."));
}

/**
 * @param {HTMLElement} main
 * @param {AbortSignal} signal
 * @param {string} earlier
 * @param {string} later
 */
async function showBoth(main, signal, earlier, later) {
  const [one, other] = await Promise.all([reportOf(earlier, signal), reportOf(later, signal)]);
  const changes = changesBetween(one.requirements, other.requirements);
  main.append(back(), h("h2", {}, `${earlier} → ${later}`));
  for (const [name, outcomes] of Object.entries(changes)) {
    main.append(h("h3", {}, `${name} (${outcomes.length})`), outcomes.length ? h("div", {}, outcomes.map(shown)) : h("p", { class: "dim" }, "none"));
  }
}

/**
 * What was mended, broke, came and went between two reports.
 * @param {Outcome[]} earlier
 * @param {Outcome[]} later
 * @returns {Record<string, Outcome[]>}
 */
export function changesBetween(earlier, later) {
  const keyOf = (/** @type {Outcome} */ each) => `${each.id} ${each.operation}`;
  const before = new Map(earlier.map((each) => [keyOf(each), each]));
  const after = new Set(later.map(keyOf));
  const both = later.filter((each) => before.has(keyOf(each)));
  const was = (/** @type {Outcome} */ each) => before.get(keyOf(each))?.status;
  return {
    broken: both.filter((each) => each.status === "failed" && was(each) !== "failed"),
    fixed: both.filter((each) => each.status === "passed" && was(each) === "failed"),
    new: later.filter((each) => !before.has(keyOf(each))),
    gone: earlier.filter((each) => !after.has(keyOf(each))),
  };
}

/** @param {Outcome} outcome */
function shown(outcome) {
  return h("details", {}, h("summary", {}, h("code", { class: outcome.status === "failed" ? "bad" : "dim" }, `${outcome.id} ${outcome.level}`), ` ${outcome.title}, `,
    h("code", {}, outcome.operation), ` ${outcome.status.replaceAll("_", " ")}`),
  outcome.reason && h("p", {}, outcome.reason),
  outcome.status === "failed" && h("dl", { class: "facts" }, h("dt", {}, "expected"), h("dd", {}, cut(json(outcome.expected), 2000)), h("dt", {}, "actual"), h("dd", {}, cut(json(outcome.actual), 2000))),
  outcome.evidence.map((each) => h("pre", { tabindex: 0, "aria-label": "evidence" }, `${cut(each.curl, 5000)}\n\n${each.response.status} ${cut(each.response.body ?? "", 5000)}`)));
}

/**
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<Report>}
 */
function reportOf(name, signal) {
  return ask("GET", `reports/${encodeURIComponent(name)}`, undefined, { scope: "", signal });
}

function back() {
  return h("p", {}, h("a", { href: "#/reports" }, "All reports"));
}
