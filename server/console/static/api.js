// Calls of the admin API, for the tenant that is chosen.

import { token } from "./token.js";

/** A response that is an error, or none at all; `status` is 0 then. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

let chosen = "";

/** The digest of the tenant that is chosen; empty for all. */
export function tenant() {
  return chosen;
}

/**
 * Ask for one tenant from now on, or with the empty text for all.
 * @param {string} digest
 */
export function chooseTenant(digest) {
  chosen = digest;
}

/**
 * The parsed response to a request.
 * @param {string} method
 * @param {string} path below `/__admin/`, with its query
 * @param {unknown} [body]
 * @param {{ scope?: string, signal?: AbortSignal }} [options] another tenant than the chosen one
 * @returns {Promise<any>}
 * @throws {Problem}
 */
export async function ask(method, path, body, options = {}) {
  const response = await send(method, path, body, options);
  return response.json();
}

/**
 * The data of server-sent events as they come, parsed. (EventSource cannot send a token.)
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any>}
 * @throws {Problem}
 */
export async function* events(path, signal) {
  const response = await send("GET", path, undefined, { signal });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
  }
}

/**
 * Each page of a list, in turn.
 * @param {string} path
 * @param {string} name the member that holds the list
 * @param {string | null} before where the first page begins; null for the newest
 * @param {{ scope?: string, signal?: AbortSignal }} [options]
 * @returns {AsyncGenerator<any[]>}
 */
export async function* pages(path, name, before, options = {}) {
  do {
    const page = await ask("GET", withQuery(path, before === null ? {} : { before }), undefined, options);
    yield page[name];
    before = page.next;
  } while (before !== null);
}

/**
 * A path with parameters in its query, without those that are empty.
 * @param {string} path
 * @param {Record<string, unknown>} parameters
 */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  if (!given.length) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {{ scope?: string, signal?: AbortSignal }} options
 */
async function send(method, path, body, { scope = chosen, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token()) headers.Authorization = `Bearer ${token()}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? null : JSON.stringify(body);
  let response;
  try {
    response = await fetch(withQuery(path, { tenant: scope }), { method, headers, body: sent, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("the server cannot be reached", 0);
  }
  if (!response.ok) throw new Problem(await messageOf(response), response.status);
  return response;
}

/** @param {Response} response */
async function messageOf(response) {
  try {
    const { message, details } = await response.json();
    const first = details?.[0];
    return first ? `${message}: ${first.pointer} ${first.message}` : message;
  } catch {
    return `status ${response.status}`;
  }
}
