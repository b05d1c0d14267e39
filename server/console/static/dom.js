// Elements, made of values: whatever a client sent becomes text, never markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children. A function is a listener, `true` an attribute without a value.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 */
export function svg(tag, attributes = {}, ...children) {
  return filled(/** @type {SVGElement} */ (document.createElementNS(SVG, tag)), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, unknown>} attributes
 * @param {(Child | Child[])[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter(isThere).map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/**
 * @param {Child} child
 * @returns {child is Node | string | number}
 */
function isThere(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/**
 * The element of an id, which the page has.
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * Tell a screen reader, without moving the focus.
 * @param {string} text
 */
export function say(text) {
  byId("status").textContent = text;
}

/**
 * Text that can be copied.
 * @param {string} text
 * @param {string} label what is copied, for the button
 */
export function copyable(text, label) {
  return h("div", { class: "copied" }, h("pre", { tabindex: 0, "aria-label": label }, text), copyButton(() => text, `Copy ${label}`));
}

/**
 * A button that copies a text.
 * @param {() => string | Promise<string>} text
 * @param {string} label
 */
export function copyButton(text, label) {
  return h("button", { type: "button", click: async () => {
    await navigator.clipboard.writeText(await text());
    say(`${label}: done`);
  } }, label);
}

/**
 * A value as indented JSON.
 * @param {unknown} value
 */
export function json(value) {
  return JSON.stringify(value, null, 2) ?? "";
}
