// The clock: frozen, moved forward, and let go.

import { ask } from "./api.js";
import { h, say } from "./dom.js";
import { moment } from "./text.js";

const STEPS = { "a second": 1000, "a minute": 60_000, "an hour": 3_600_000, "a day": 86_400_000 };
const LOOK = 1000; // milliseconds between two looks at the time

/** @type {import("./main.js").Part} */
export async function showClock(main, signal) {
  const time = h("p", { class: "big" });
  const state = h("p", { role: "status" });
  const seed = h("input", { type: "number", min: 0, value: 7, size: 8 });
  const draw = (/** @type {Record<string, any>} */ clock) => {
    time.textContent = moment(clock.now);
    const text = `${clock.frozen ? "It stands still" : "It runs"}${clock.step ? `, and each request adds ${clock.step} ms` : ""}`
      + `${clock.seed === null ? "" : `; ids repeat, by seed ${clock.seed}`}.`;
    if (state.textContent !== text) state.textContent = text;
  };
  const change = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body, /** @type {string} */ told) => {
    draw(await ask(method, path, body, { signal }));
    say(told);
  };
  const button = (/** @type {string} */ label, /** @type {() => Promise<void>} */ act) => h("button", { type: "button", click: () => void act() }, label);
  main.append(h("h1", {}, "Clock"), h("div", { class: "panel" }, time, state,
    h("div", { class: "row" },
      button("Freeze it now", async () => change("PUT", "clock", { at: Date.now() }, "the clock is frozen")),
      button("Let it run", async () => change("PUT", "clock", {}, "the clock runs"))),
    h("div", { class: "row", role: "group", "aria-label": "Advance" }, h("span", {}, "Advance by"),
      Object.entries(STEPS).map(([label, milliseconds]) => button(label, async () => change("POST", "clock/advance", { milliseconds }, `advanced by ${label}`)))),
    h("div", { class: "row" }, h("label", {}, "Seed", seed), button("Repeat ids from this seed", async () => change("PUT", "clock", { seed: Number(seed.value) }, "ids repeat")))));
  draw(await ask("GET", "clock", undefined, { signal }));
  const timer = setInterval(() => {
    if (!document.hidden) void ask("GET", "clock", undefined, { signal }).then(draw).catch(() => {});
  }, LOOK);
  signal.addEventListener("abort", () => clearInterval(timer));
}
