// The console: which part is shown, for which tenant, with which token.

import { ask, chooseTenant, Problem, tenant } from "./api.js";
import { byId, h, say } from "./dom.js";
import { live, onLive } from "./live.js";
import { setToken, token } from "./token.js";
import { showClock } from "./clock.js";
import { showComparison } from "./comparison.js";
import { showFaults } from "./faults.js";
import { showJournal } from "./journal.js";
import { showOverview } from "./overview.js";
import { showReports } from "./reports.js";
import { showSession } from "./session.js";
import { showSessions } from "./sessions.js";

/**
 * @typedef {(main: HTMLElement, signal: AbortSignal, ...path: string[]) => Promise<void> | void} Part shows itself in
 *   the main element; the signal ends when another part is shown
 */

/** @type {Record<string, { title: string, show: Part, isListed?: boolean }>} */
const PARTS = {
  sessions: { title: "Sessions", show: showSessions, isListed: true },
  session: { title: "Session", show: showSession },
  journal: { title: "Journal", show: showJournal, isListed: true },
  compare: { title: "Comparison", show: showComparison },
  faults: { title: "Faults", show: showFaults, isListed: true },
  clock: { title: "Clock", show: showClock, isListed: true },
  overview: { title: "Overview", show: showOverview, isListed: true },
  reports: { title: "Reports", show: showReports, isListed: true },
};

const main = byId("main");
const forever = new AbortController().signal;
let shown = new AbortController();

async function show() {
  shown.abort();
  shown = new AbortController();
  const [name = "", ...path] = location.hash.slice(2).split("/").map(decodeURIComponent);
  const part = PARTS[name] ?? PARTS.sessions;
  if (!part) return;
  const listed = name === "session" ? "sessions" : name === "compare" ? "journal" : PARTS[name] ? name : "sessions";
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.getAttribute("href") === `#/${listed}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${part.title} - hivestand`;
  main.replaceChildren();
  try {
    await part.show(main, shown.signal, ...path);
  } catch (error) {
    if (shown.signal.aborted) return;
    main.append(h("div", { class: "error", role: "alert" }, error instanceof Error ? error.message : String(error)));
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401 || error.status === 403) askForToken();
  }
}

async function showTenants() {
  const select = /** @type {HTMLSelectElement} */ (byId("tenant"));
  try {
    const { tenants } = await ask("GET", "tenants", undefined, { scope: "" });
    const known = new Set([...select.options].map((option) => option.value));
    select.append(...tenants.filter((/** @type {string} */ each) => !known.has(each)).map(
      (/** @type {string} */ each) => h("option", { value: each }, each.slice(0, 8)),
    ));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

function askForToken() {
  if (document.querySelector("dialog")) return;
  const input = h("input", { type: "password", autocomplete: "off", value: token() });
  const dialog = h("dialog", { "aria-labelledby": "ask" },
    h("form", { method: "dialog" },
      h("h2", { id: "ask" }, "Token"),
      h("p", {}, "The admin's token reaches every tenant, a tenant's its own. It is kept for this tab alone."),
      h("div", { class: "row" }, h("label", {}, "Token", input), h("button", { class: "main", value: "use" }, "Use it"),
        h("button", { value: "" }, "Cancel")),
    ));
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "use") {
      setToken(input.value);
      begin();
    }
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function begin() {
  live.start();
  void showTenants();
  void show();
}

const nav = document.querySelector("header nav");
nav?.append(
  ...Object.entries(PARTS).filter(([, part]) => part.isListed).map(([name, part]) => h("a", { href: `#/${name}` }, part.title)),
  h("a", { href: "docs" }, "Documents"),
);

byId("key").addEventListener("click", askForToken);
byId("tenant").addEventListener("change", (event) => {
  chooseTenant(/** @type {HTMLSelectElement} */ (event.target).value);
  say(tenant() ? `tenant ${tenant().slice(0, 8)}` : "all tenants");
  live.start();
  void show();
});
addEventListener("hashchange", () => {
  void show();
  main.focus();
});

onLive("state", forever, (/** @type {string} */ state) => {
  const place = byId("live");
  if (place.textContent !== state) place.textContent = state;
  place.className = `live ${state === "live" ? "good" : "warn"}`;
});
onLive("again", forever, () => void show());
onLive("refused", forever, askForToken);
onLive("news", forever, (/** @type {import("./live.js").News} */ news) => {
  const select = /** @type {HTMLSelectElement} */ (byId("tenant"));
  const known = new Set([...select.options].map((option) => option.value));
  if (news.requests.some((each) => each.tenant && !known.has(each.tenant))) void showTenants();
});

begin();
