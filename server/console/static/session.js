// One session: its events as a tree and as a waterfall, and what is known of each.

import { ask, pages, withQuery } from "./api.js";
import { h, say } from "./dom.js";
import { detailsOf } from "./event.js";
import { onLive } from "./live.js";
import { dollars, duration, moment } from "./text.js";
import { rowsOf, spanOf } from "./tree.js";
import { Waterfall } from "./waterfall.js";

const PAGE = 1000;
const FIRST_PAGE = 200; // so that something is there at once
const WAIT = 700;

/** @type {import("./main.js").Part} */
export async function showSession(main, signal, id = "", tenant = "") {
  const scope = { scope: tenant, signal };
  const path = `sessions/${encodeURIComponent(id)}`;
  const title = h("h1", {}, "Session");
  const facts = h("dl", { class: "facts" });
  const count = h("p", { class: "dim", role: "status" }, "reading the events");
  const detail = h("section", { class: "detail panel", "aria-label": "The chosen event" }, h("p", { class: "dim" }, "Choose an event."));
  const waterfall = new Waterfall((event) => {
    detail.replaceChildren(...detailsOf(event, tenant));
    detail.scrollTop = 0;
    if (matchMedia("(max-width: 56rem)").matches) detail.scrollIntoView();
    say(`${event.event_name}: details`);
  });
  main.append(h("p", {}, h("a", { href: "#/sessions" }, "All sessions")), title, facts,
    h("div", { class: "split" }, h("div", {}, waterfall.element, count), detail));
  /** @type {Map<string, import("./tree.js").Event>} */
  const events = new Map();

  const draw = (/** @type {boolean} */ isWhole) => {
    const rows = rowsOf([...events.values()]);
    waterfall.show(rows);
    const session = events.get(id);
    title.textContent = session ? String(session.event_name) || "(no name)" : `Session ${id}`;
    facts.replaceChildren(...summary(session, rows));
    count.textContent = isWhole ? `${events.size} events` : `${events.size} events so far`;
    if (isWhole && !events.size) count.textContent = "No event of this session is there: it expired, was reset, or is another tenant's.";
  };
  const readAll = async () => {
    const first = await ask("GET", withQuery(`${path}/events`, { limit: FIRST_PAGE }), undefined, scope);
    for (const each of first.events) events.set(each.event.event_id, each.event);
    draw(first.next === null);
    let drawn = performance.now();
    if (first.next === null) return;
    for await (const page of pages(withQuery(`${path}/events`, { limit: PAGE }), "events", first.next, scope)) {
      for (const each of page) events.set(each.event.event_id, each.event);
      if (performance.now() - drawn > 400) {
        draw(false);
        drawn = performance.now();
      }
    }
    draw(true);
  };
  let timer = 0;
  let isReading = false;
  const again = async () => {
    if (isReading) return;
    isReading = true;
    try {
      const { events: newest } = await ask("GET", withQuery(`${path}/events`, { limit: FIRST_PAGE }), undefined, scope);
      for (const each of newest) events.set(each.event.event_id, each.event);
      const held = await ask("GET", path, undefined, scope).catch(() => null);
      if (held) events.set(id, held.session);
      draw(true);
    } finally {
      isReading = false;
    }
  };
  onLive("news", signal, (/** @type {import("./live.js").News} */ news) => {
    if (!news.requests.some((each) => each.tenant === tenant || !tenant)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void again().catch(() => {}), WAIT);
  });
  signal.addEventListener("abort", () => clearTimeout(timer));
  isReading = true;
  try {
    await readAll();
  } finally {
    isReading = false;
  }
}

/**
 * @param {import("./tree.js").Event | undefined} session
 * @param {import("./tree.js").Row[]} rows
 */
function summary(session, rows) {
  if (!rows.length) return [];
  const { start, end } = spanOf(rows);
  const about = session?.metadata ?? {};
  const models = new Set(rows.map(({ event }) => event.config?.model).filter((model) => typeof model === "string"));
  const errors = rows.filter(({ event }) => event.error !== null && event.error !== "").length;
  /** @type {[string, string][]} */
  const facts = [
    ["started", moment(start)],
    ["took", duration(session?.duration ?? end - start)],
    ["source", String(session?.source ?? "")],
    ["models", [...models].join(", ")],
    ["tokens", about.total_tokens ? `${about.total_tokens} (${about.prompt_tokens} in, ${about.completion_tokens} out)` : ""],
    ["cost", typeof about.cost === "number" && about.cost ? dollars(about.cost) : ""],
    ["errors", errors ? String(errors) : ""],
  ];
  return facts.filter(([, value]) => value).flatMap(([name, value]) => [
    h("dt", {}, name), h("dd", { class: name === "errors" ? "bad" : null }, value),
  ]);
}

