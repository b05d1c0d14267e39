// Values as people read them.

/**
 * A time of day, to the millisecond.
 * @param {number | null} time Unix milliseconds
 */
export function timeOfDay(time) {
  if (time === null || !isShown(time)) return String(time ?? "");
  return new Date(time).toLocaleTimeString("en-GB", { hour12: false }) + `.${String(Math.trunc(time) % 1000).padStart(3, "0")}`;
}

/**
 * A date and a time.
 * @param {number | null} time Unix milliseconds
 */
export function moment(time) {
  if (time === null || !isShown(time)) return String(time ?? "");
  return new Date(time).toISOString().replace("T", " ").replace("Z", " UTC");
}

/** @param {number} time */
function isShown(time) {
  return Math.abs(time) <= 8.64e15;
}

/**
 * A duration with a unit that suits it.
 * @param {number | null} milliseconds
 */
export function duration(milliseconds) {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return "";
  if (Math.abs(milliseconds) < 1000) return `${round(milliseconds)} ms`;
  if (Math.abs(milliseconds) < 60_000) return `${round(milliseconds / 1000)} s`;
  return `${round(milliseconds / 60_000)} min`;
}

/** @param {number} value */
function round(value) {
  return Number(value.toPrecision(3)).toString();
}

/**
 * An amount in US dollars.
 * @param {number} amount
 */
export function dollars(amount) {
  return `$${amount < 0.01 ? amount.toPrecision(2) : amount.toFixed(2)}`;
}

/**
 * How a status is coloured.
 * @param {number | null} status
 */
export function statusClass(status) {
  if (status === null || status >= 500) return "bad";
  return status >= 400 ? "warn" : "good";
}

/**
 * A text that fits into a line.
 * @param {unknown} value
 * @param {number} [most] characters
 */
export function cut(value, most = 120) {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * The entries of Hivestand-Fallbacks, each with its reason (RFC 9651).
 * @param {string} header
 * @returns {{ name: string, reason: string }[]}
 */
export function fallbacks(header) {
  const entry = /(?:%"([^"]*)"|"((?:[^"\\]|\\.)*)"|([^;,"\s]+));reason=([\w-]+)(?:;count=(\d+))?/g;
  return [...header.matchAll(entry)].map(([, display, quoted, plain, reason = "", count]) => ({
    name: (display !== undefined ? decoded(display) : quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "") + (count ? ` (${count} times)` : ""),
    reason,
  }));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
