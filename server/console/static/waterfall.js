// The events of a session as rows with bars. Only the rows in sight are in the page, however many there are.

import { h, svg } from "./dom.js";
import { cut, duration } from "./text.js";
import { endOf, spanOf } from "./tree.js";

const HEIGHT = 32; // pixels of a row, as in the style sheet
const BEYOND = 8; // rows above and below those in sight
const TYPES = ["model", "tool", "chain", "session"];

/** A list of events that can be walked through with the arrow keys. */
export class Waterfall {
  /** @type {import("./tree.js").Row[]} */
  #rows = [];
  #chosen = "";
  #focused = 0;
  #span = { start: 0, end: 1 };
  #inner = h("div", { class: "rows", role: "list" });
  #frame = 0;

  /** @param {(event: import("./tree.js").Event) => void} choose called with the event that is chosen */
  constructor(choose) {
    this.choose = choose;
    this.element = h("div", { class: "waterfall", role: "group", "aria-label": "Events in time", tabindex: -1,
      scroll: () => this.#soon(), keydown: (/** @type {KeyboardEvent} */ event) => this.#walk(event) }, this.#inner);
    new ResizeObserver(() => this.#soon()).observe(this.element);
  }

  /** @param {import("./tree.js").Row[]} rows */
  show(rows) {
    this.#rows = rows;
    this.#span = spanOf(rows);
    this.#focused = Math.min(this.#focused, Math.max(0, rows.length - 1));
    this.#inner.style.height = `${rows.length * HEIGHT}px`;
    this.#draw();
  }

  #soon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / HEIGHT) - BEYOND);
    const last = Math.min(this.#rows.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / HEIGHT) + BEYOND);
    const hadFocus = this.#inner.contains(document.activeElement);
    this.#inner.replaceChildren(...this.#rows.slice(first, last).map((row, place) => this.#row(row, first + place)));
    if (hadFocus) this.#focus();
  }

  /**
   * @param {import("./tree.js").Row} row
   * @param {number} place
   */
  #row({ event, level }, place) {
    const type = TYPES.includes(event.event_type) ? event.event_type : "tool";
    const { start, end } = this.#span;
    const x = ((event.start_time - start) / (end - start)) * 100;
    const width = Math.max(0.3, ((endOf(event) - event.start_time) / (end - start)) * 100);
    const failed = event.error !== null && event.error !== "";
    const name = String(event.event_name) || "(no name)";
    const took = duration(event.duration ?? (event.end_time === null ? null : event.end_time - event.start_time));
    const label = h("span", {}, h("span", { class: `type type-${type}` }, event.event_type), cut(name, 80),
      failed && h("span", { class: "bad" }, " failed"), h("span", { class: "dim" }, costOf(event)));
    label.style.paddingInlineStart = `${Math.min(level - 1, 12) * 0.9}rem`;
    const button = h("button", { type: "button", class: "event", tabindex: place === this.#focused ? 0 : -1, "data-place": place,
      "aria-current": event.event_id === this.#chosen ? "true" : null, title: cut(name),
      click: () => this.#take(place) },
      label,
      svg("svg", { class: "bars", viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("rect", { x: Math.min(x, 99.7), y: 2, width: Math.min(width, 100), height: 10, rx: 1, class: failed ? "failed" : `type-${type}` })),
      h("span", { class: "number dim" }, took, h("span", { class: "visually-hidden" }, ` level ${level}`)));
    const item = h("div", { role: "listitem", "aria-setsize": this.#rows.length, "aria-posinset": place + 1 }, button);
    button.style.top = `${place * HEIGHT}px`;
    return item;
  }

  /** @param {number} place */
  #take(place) {
    const row = this.#rows[place];
    if (!row) return;
    this.#focused = place;
    this.#chosen = row.event.event_id;
    this.#draw();
    this.#focus();
    this.choose(row.event);
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const pageful = Math.max(1, Math.floor(this.element.clientHeight / HEIGHT) - 1);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: pageful, PageUp: -pageful, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || !this.#rows.length) return;
    event.preventDefault();
    this.#focused = Math.max(0, Math.min(this.#rows.length - 1, this.#focused + step));
    const top = this.#focused * HEIGHT;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + HEIGHT > this.element.scrollTop + this.element.clientHeight) this.element.scrollTop = top + HEIGHT - this.element.clientHeight;
    this.#draw();
    this.#focus();
  }

  #focus() {
    /** @type {HTMLElement | null} */ (this.#inner.querySelector(`[data-place="${this.#focused}"]`))?.focus({ preventScroll: true });
  }
}

/**
 * The model of an event, and how many tokens it took.
 * @param {import("./tree.js").Event} event
 */
function costOf(event) {
  const { model } = event.config ?? {};
  const { total_tokens: tokens, prompt_tokens: sent, completion_tokens: received } = event.metadata ?? {};
  const count = tokens ?? (typeof sent === "number" && typeof received === "number" ? sent + received : null);
  if (event.event_type === "session" || (typeof model !== "string" && typeof count !== "number")) return "";
  return [typeof model === "string" && ` ${cut(model, 30)}`, typeof count === "number" && ` ${count} tokens`].filter(Boolean).join(",");
}
