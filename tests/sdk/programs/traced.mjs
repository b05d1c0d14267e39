// A program that is traced with the released TypeScript SDK; it prints the id of its session.
import { trace, SpanStatusCode } from "@opentelemetry/api";
import * as traceloop from "@traceloop/node-server-sdk";
import { HoneyHiveTracer } from "honeyhive";

const tracer = await HoneyHiveTracer.init({
  apiKey: process.env.HH_API_KEY,
  project: "p",
  sessionName: "a traced program",
  source: "ci",
  serverUrl: process.env.HH_API_URL,
});
const sessionId = tracer.sessionId;

async function pipeline(question) {
  const found = await traceloop.withTask({ name: "lookup" }, async (word) => ["a", word], question);
  await traceloop.withTool({ name: "measure" }, (options) => ({ size: options.depth }), { depth: 3 });
  try {
    await traceloop.withTask({ name: "breaks" }, async () => {
      throw new Error("no such word");
    });
  } catch {
    await traceloop.withAgent({ name: "agent" }, async () => {});
  }
  await traceloop.withLLMCall({ vendor: "openai", type: "chat" }, async ({ span }) => {
    span.reportRequest({ model: "m", messages: [{ role: "user", content: "hi" }] });
  });
  return found;
}

let done;
tracer.trace(() => {
  done = traceloop.withWorkflow({ name: "pipeline" }, pipeline, "why?");
});
await done;
tracer.trace(() =>
  trace.getTracer("mine").startActiveSpan("by hand", (span) => {
    span.setAttribute("k", 1);
    span.recordException(new TypeError("no such word"));
    span.setStatus({ code: SpanStatusCode.ERROR, message: "it broke" });
    span.end();
  }),
);
await tracer.setFeedback({ ok: true });
await tracer.setMetric({ spans: 3 });
await tracer.setMetadata({ done: true });
await traceloop.forceFlush();
console.log(sessionId);
