// The requests as they happen, for every part of the page that wants to know.

import { events, Problem } from "./api.js";

/**
 * @typedef {{ id: string, tenant: string, time: number, duration: number, method: string, path: string, query: string,
 *   operation: string | null, profile: string | null, status: number | null, fallbacks: string, faults: string[] }} Seen
 * @typedef {{ requests: Seen[], missed: number }} News
 */

const PAUSES = [500, 1000, 2000, 5000]; // milliseconds between two tries to connect

/** Follows the server until it is stopped, and connects again whenever it has to. */
export class Live extends EventTarget {
  /** @type {AbortController | null} */
  #connection = null;

  /** Begin, or begin again for another tenant or with another token. */
  start() {
    this.stop();
    this.#connection = new AbortController();
    void this.#follow(this.#connection.signal);
  }

  /** Follow no more. */
  stop() {
    this.#connection?.abort();
  }

  /** @param {AbortSignal} signal */
  async #follow(signal) {
    let failures = 0;
    while (!signal.aborted) {
      try {
        this.#tell("state", failures ? "reconnecting" : "connecting");
        for await (const told of events("requests/follow", signal)) {
          if (signal.aborted) return;
          if (failures) this.#tell("again", null);
          failures = 0;
          if (told.unavailable) this.#tell("state", `the store is away: ${told.unavailable}`);
          else {
            this.#tell("state", "live");
            this.#tell("news", told);
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Problem && [401, 403, 404].includes(error.status)) {
          this.#tell("state", error.message);
          this.#tell("refused", error);
          return;
        }
      }
      failures += 1;
      this.#tell("state", "no connection, trying again");
      await new Promise((resolve) => setTimeout(resolve, PAUSES[Math.min(failures, PAUSES.length) - 1]));
    }
  }

  /**
   * @param {string} name
   * @param {unknown} detail
   */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

export const live = new Live();

/**
 * Call back with what happens until a part of the page is gone.
 * @template T
 * @param {string} name `news`, `state`, `again` or `refused`
 * @param {AbortSignal} signal
 * @param {(detail: T) => void} callback
 */
export function onLive(name, signal, callback) {
  live.addEventListener(name, (event) => callback(/** @type {CustomEvent<T>} */ (event).detail), { signal });
}
