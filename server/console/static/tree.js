// The tree of a session's events.

/**
 * @typedef {Record<string, any>} Event
 * @typedef {{ event: Event, level: number }} Row
 */

/**
 * The events in the order in which the tree shows them, each behind the one that it is part of. An event whose parent is
 * not there stands at the top, and so does each that is part of itself.
 * @param {Event[]} events
 * @returns {Row[]}
 */
export function rowsOf(events) {
  const known = new Map(events.map((event) => [event.event_id, event]));
  /** @type {Map<string | null, Event[]>} */
  const below = new Map();
  for (const event of [...known.values()].sort((one, other) => one.start_time - other.start_time)) {
    const parent = known.has(event.parent_id) && event.parent_id !== event.event_id ? event.parent_id : null;
    const siblings = below.get(parent);
    if (siblings) siblings.push(event);
    else below.set(parent, [event]);
  }
  /** @type {Row[]} */
  const rows = [];
  const placed = new Set();
  /** @param {Event[]} tops */
  const place = (tops) => {
    /** @type {Row[]} */
    const waiting = tops.map((event) => ({ event, level: 1 })).reverse();
    for (let row = waiting.pop(); row; row = waiting.pop()) {
      if (placed.has(row.event.event_id)) continue;
      placed.add(row.event.event_id);
      rows.push(row);
      for (const event of (below.get(row.event.event_id) ?? []).toReversed()) waiting.push({ event, level: row.level + 1 });
    }
  };
  place(below.get(null) ?? []);
  for (const event of known.values()) if (!placed.has(event.event_id)) place([event]); // a circle has no top
  return rows;
}

/**
 * When an event ends: at its end, or after its duration.
 * @param {Event} event
 * @returns {number}
 */
export function endOf(event) {
  return event.end_time ?? event.start_time + (event.duration ?? 0);
}

/**
 * The first start and the last end.
 * @param {Row[]} rows
 */
export function spanOf(rows) {
  let start = Infinity;
  let end = -Infinity;
  for (const { event } of rows) {
    start = Math.min(start, event.start_time);
    end = Math.max(end, endOf(event));
  }
  return { start, end: Math.max(end, start + 1) };
}
