// The sessions, the one that started last first, as they arrive.

import { ask, withQuery } from "./api.js";
import { copyable, h, say } from "./dom.js";
import { onLive } from "./live.js";
import { dollars, duration, moment } from "./text.js";

/** @typedef {{ tenant: string, session: Record<string, any> }} Listed */

const PAGE = 100;
const WAIT = 700; // milliseconds from a request until the list is read again, so that many make one reading

/** @type {import("./main.js").Part} */
export async function showSessions(main, signal) {
  const body = h("tbody");
  const table = h("div", { class: "scroll", hidden: true }, h("table", {},
    h("thead", {}, h("tr", {}, ...["Started", "Session", "Events", "Duration", "Tokens", "Cost", "Tenant"].map(
      (name) => h("th", { scope: "col" }, name),
    ))), body));
  const empty = h("div", { class: "empty", hidden: true }, h("p", {}, "No session yet. This starts one:"), copyable(
    `curl ${location.origin}/v1/sessions -H 'Authorization: Bearer demo' -H 'Content-Type: application/json' -d '{"session_name": "a run"}'`,
    "command"));
  const more = h("button", { type: "button", hidden: true, click: () => void next() }, "Older sessions");
  main.append(h("h1", {}, "Sessions"), empty, table, more);
  /** @type {Listed[]} */
  let listed = [];
  /** @type {string | null} */
  let following = null;
  let isReading = false;
  let isAskedFor = false;

  const draw = () => {
    empty.hidden = listed.length > 0;
    table.hidden = !listed.length;
    more.hidden = following === null;
    body.replaceChildren(...listed.map(row));
  };
  const refresh = async () => {
    if (isReading) {
      isAskedFor = true;
      return;
    }
    isReading = true;
    try {
      const page = await ask("GET", withQuery("sessions", { limit: PAGE }), undefined, { signal });
      const known = new Set(page.sessions.map(key));
      const last = page.sessions.at(-1);
      const isWhole = page.next === null;
      const older = isWhole ? [] : listed.filter((each) => !known.has(key(each)) && each.session.start_time <= last.session.start_time);
      if (!older.length) following = page.next;
      listed = [...page.sessions, ...older];
      draw();
    } finally {
      isReading = false;
    }
    if (isAskedFor) {
      isAskedFor = false;
      setTimeout(() => void refresh().catch(() => {}), WAIT);
    }
  };
  const next = async () => {
    const page = await ask("GET", withQuery("sessions", { limit: PAGE, before: following }), undefined, { signal });
    const known = new Set(listed.map(key));
    listed = [...listed, ...page.sessions.filter((/** @type {Listed} */ each) => !known.has(key(each)))];
    following = page.next;
    draw();
    say(`${listed.length} sessions`);
  };
  let timer = 0;
  onLive("news", signal, (/** @type {import("./live.js").News} */ news) => {
    if (!news.requests.length) return;
    clearTimeout(timer);
    timer = setTimeout(() => void refresh().catch(() => {}), WAIT);
  });
  signal.addEventListener("abort", () => clearTimeout(timer));
  await refresh();
}

/** @param {Listed} listed */
function key({ tenant, session }) {
  return `${tenant} ${session.event_id}`;
}

/** @param {Listed} listed */
function row({ tenant, session }) {
  const about = session.metadata ?? {};
  return h("tr", {},
    h("td", {}, moment(session.start_time)),
    h("td", {}, h("a", { href: `#/session/${encodeURIComponent(session.event_id)}/${tenant}` }, String(session.event_name) || "(no name)"),
      session.error !== null && h("span", { class: "bad" }, " failed")),
    h("td", { class: "number" }, about.num_events ?? 0),
    h("td", { class: "number" }, duration(session.duration)),
    h("td", { class: "number" }, about.total_tokens ?? ""),
    h("td", { class: "number" }, typeof about.cost === "number" && about.cost ? dollars(about.cost) : ""),
    h("td", {}, h("code", {}, tenant.slice(0, 8))),
  );
}
