// Faults: armed in two clicks, and disarmed in one.

import { ask } from "./api.js";
import { h, json, say } from "./dom.js";
import { onLive } from "./live.js";

/** @type {Record<string, Record<string, unknown>>} */
const KINDS = {
  "503": { status: 503, retry_after: 1 },
  "429": { status: 429, retry_after: 1 },
  "500": { status: 500 },
  "401": { status: 401 },
  "a second late": { delay: { distribution: "fixed", milliseconds: 1000 } },
  "reset": { kind: "reset" },
  "close": { kind: "close" },
  "truncated": { kind: "truncated" },
  "empty": { kind: "empty" },
  "malformed": { kind: "malformed" },
  "mistyped": { kind: "mistyped" },
  "visible after 2 s": { window: 2000 },
};

/** @type {import("./main.js").Part} */
export async function showFaults(main, signal) {
  let kind = "503";
  const operation = h("select", {}, h("option", { value: "" }, "any"));
  const times = h("input", { type: "number", min: 1, value: 1, size: 6 });
  const list = h("div");
  const kinds = h("div", { class: "kinds", role: "group", "aria-label": "What goes wrong" }, Object.keys(KINDS).map((name) =>
    h("button", { type: "button", "aria-pressed": String(name === kind), click: () => {
      kind = name;
      for (const button of kinds.children) button.setAttribute("aria-pressed", String(button.textContent === kind));
    } }, name)));
  main.append(h("h1", {}, "Faults"), h("div", { class: "panel" }, kinds,
    h("div", { class: "row" }, h("label", {}, "Operation", operation), h("label", {}, "Next requests (none: all)", times),
      h("button", { type: "button", class: "main", click: () => void arm() }, "Arm"))), h("h2", {}, "Armed"), list);

  const draw = async () => {
    const { faults } = await ask("GET", "faults", undefined, { signal });
    list.replaceChildren(faults.length ? armed(faults, draw) : h("p", { class: "empty" }, "Nothing is armed: every request is served as it should be."));
  };
  const arm = async () => {
    const fault = { ...KINDS[kind], ...(times.value ? { times: Number(times.value) } : {}), ...(operation.value ? { operation: operation.value } : {}) };
    await ask("POST", "faults", fault, { signal });
    say(`${kind} is armed`);
    await draw();
  };
  const document_ = await (await fetch("docs/honeyhive.json", { signal })).json();
  operation.append(...Object.values(document_.paths).flatMap((path) => Object.values(path)).map((each) => each.operationId).filter(Boolean).sort().map(
    (name) => h("option", { value: name }, name)));
  await draw();
  onLive("news", signal, (/** @type {import("./live.js").News} */ news) => {
    if (news.requests.some((each) => each.faults.length)) void draw().catch(() => {});
  });
}

/**
 * @param {Record<string, any>[]} faults
 * @param {() => Promise<void>} draw
 */
function armed(faults, draw) {
  const rows = faults.map(({ id, tenant, times, operation, share, seed: _, ...effects }) => h("tr", {},
    h("td", {}, id), h("td", {}, h("code", {}, json(effects).replaceAll(/\s+/g, " "))), h("td", {}, operation ?? "any"),
    h("td", {}, times ?? "all"), h("td", {}, share === 1 ? "each" : `${share * 100} %`), h("td", {}, tenant === "everyone" ? "all" : tenant.slice(0, 8)),
    h("td", {}, h("button", { type: "button", "aria-label": `Disarm fault ${id}`, click: async () => {
      await ask("DELETE", `faults/${encodeURIComponent(id)}`, undefined, { scope: tenant === "everyone" ? "" : tenant });
      say(`fault ${id} is disarmed`);
      await draw();
    } }, "Disarm"))));
  return h("div", {}, h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...["Id", "Effect", "Operation", "Times", "Share", "Tenant", "Disarm"].map(
    (name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows))),
  h("p", {}, h("button", { type: "button", click: async () => {
    await ask("DELETE", "faults");
    say("all faults are disarmed");
    await draw();
  } }, "Disarm all")));
}
