// What is known of one event: the facts, the conversation, and all of it as JSON.

import { ask } from "./api.js";
import { copyButton, h, json } from "./dom.js";
import { dollars, duration, moment } from "./text.js";

const MOST_MESSAGES = 200;
const MOST_TEXT = 20_000; // characters of a message, and of a value

/**
 * @param {import("./tree.js").Event} event
 * @param {string} tenant
 * @returns {HTMLElement[]}
 */
export function detailsOf(event, tenant) {
  const messages = conversation(event);
  const mapping = h("div");
  return [
    h("h2", {}, String(event.event_name) || "(no name)"),
    factsOf(event),
    ...(event.error !== null && event.error !== "" ? [h("div", { class: "error" }, bounded(event.error))] : []),
    ...(messages.length ? [h("h3", {}, "Conversation"), h("ol", { class: "chat" }, messages)] : []),
    ...["inputs", "outputs", "config", "metadata", "metrics", "feedback", "user_properties"]
      .filter((name) => event[name] && Object.keys(event[name]).length)
      .map((name) => h("details", { open: name === "outputs" && !messages.length }, h("summary", {}, name),
        h("pre", { tabindex: 0, "aria-label": name }, bounded(json(event[name]))))),
    h("details", {}, h("summary", {}, "All of it as JSON"), h("pre", { tabindex: 0, "aria-label": "All of it as JSON" }, bounded(json(event)))),
    h("div", { class: "row" }, copyButton(() => json(event), "Copy as JSON"),
      event.metadata?.has_otlp_lineage === true && h("button", { type: "button", click: () => void showMapping(mapping, event, tenant) }, "Where its span's attributes went")),
    mapping,
  ];
}

/** @param {import("./tree.js").Event} event */
function factsOf(event) {
  const about = event.metadata ?? {};
  const sent = about.prompt_tokens ?? about.input_tokens;
  const received = about.completion_tokens ?? about.output_tokens;
  const tokens = [[sent, "in"], [received, "out"], [about.total_tokens, "in all"]].filter(([count]) => typeof count === "number");
  /** @type {[string, unknown][]} */
  const facts = [
    ["type", event.event_type],
    ["model", event.config?.model],
    ["provider", event.config?.provider],
    ["tokens", tokens.map((each) => each.join(" ")).join(", ")],
    ["cost", typeof about.cost === "number" ? dollars(about.cost) : null],
    ["started", moment(event.start_time)],
    ["ended", moment(event.end_time)],
    ["took", duration(event.duration)],
    ["id", event.event_id],
    ["part of", event.parent_id],
    ["source", event.source],
  ];
  return h("dl", { class: "facts" }, facts.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(
    ([name, value]) => [h("dt", {}, name), h("dd", {}, bounded(typeof value === "string" ? value : json(value)))],
  ));
}

/**
 * The messages of the inputs and the reply, as items of a list.
 * @param {import("./tree.js").Event} event
 */
function conversation(event) {
  const history = event.inputs?.chat_history ?? event.inputs?.messages;
  const sent = Array.isArray(history) ? history : [];
  const reply = event.outputs?.role || event.outputs?.content ? [event.outputs] : Array.isArray(event.outputs?.messages) ? event.outputs.messages : [];
  const shown = sent.slice(0, MOST_MESSAGES).map((/** @type {unknown} */ each) => message(each, false));
  if (sent.length > MOST_MESSAGES) shown.push(h("li", { class: "dim" }, `${sent.length - MOST_MESSAGES} more messages`));
  return [...shown, ...reply.slice(0, MOST_MESSAGES).map((/** @type {unknown} */ each) => message(each, true))];
}

/**
 * @param {unknown} value
 * @param {boolean} isReply
 */
function message(value, isReply) {
  const said = /** @type {Record<string, unknown>} */ (value !== null && typeof value === "object" ? value : { content: value });
  const role = typeof said.role === "string" ? said.role : isReply ? "assistant" : "message";
  const content = textOf(said.content ?? said.parts ?? "");
  const calls = Object.entries(said).filter(([name]) => name.startsWith("tool_calls") || name === "function_call");
  return h("li", { class: isReply ? "reply" : "" }, h("span", { class: "role" }, role), bounded(content),
    calls.map(([name, call]) => h("pre", {}, `${name}: ${typeof call === "string" ? call : json(call)}`)));
}

/**
 * The text of a message's content, whose parts may have it, too.
 * @param {unknown} content
 * @returns {string}
 */
function textOf(content) {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  if (content !== null && typeof content === "object") {
    const part = /** @type {Record<string, unknown>} */ (content);
    if (typeof part.text === "string") return part.text;
    if (typeof part.content === "string") return part.content;
  }
  return json(content);
}

/** @param {unknown} value */
function bounded(value) {
  const text = typeof value === "string" ? value : json(value);
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… (${text.length - MOST_TEXT} more characters; copy it as JSON)` : text;
}

/**
 * @param {HTMLElement} place
 * @param {import("./tree.js").Event} event
 * @param {string} tenant
 */
async function showMapping(place, event, tenant) {
  try {
    const mapping = await ask("GET", `events/${encodeURIComponent(event.event_id)}/mapping`, undefined, { scope: tenant });
    place.replaceChildren(h("pre", { tabindex: 0, "aria-label": "Mapping" }, bounded(json(mapping))));
  } catch (error) {
    place.replaceChildren(h("p", { class: "error" }, error instanceof Error ? error.message : ""));
  }
}
