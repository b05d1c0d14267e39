// A program that is traced by the SDK of OpenTelemetry for Node, with the exporter that its argument says: proto or http.
import { trace } from "@opentelemetry/api";
import { Resource } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${process.argv[2]}`);
const provider = new NodeTracerProvider({
  resource: new Resource({
    "honeyhive.session_id": process.argv[3],
    "honeyhive.session_auto_create": true,
    "service.name": "traced",
  }),
});
const exporter = new OTLPTraceExporter({
  url: `${process.env.HH_API_URL}/opentelemetry/v1/traces`,
  headers: { Authorization: `Bearer ${process.env.HH_API_KEY}` },
});
provider.addSpanProcessor(new BatchSpanProcessor(exporter));
provider.register();

trace.getTracer("program", "1.0").startActiveSpan("invoke_agent Weather", (agent) => {
  agent.setAttributes({ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Weather" });
  trace.getTracer("program").startActiveSpan("chat gpt-4o", (chat) => {
    const messages = [{ role: "user", parts: [{ type: "text", content: "Weather in Oslo?" }] }];
    chat.setAttributes({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.request.temperature": 0.5,
      "gen_ai.input.messages": JSON.stringify(messages),
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": 7,
    });
    chat.end();
  });
  agent.end();
});
await provider.shutdown();
console.log("exported");
