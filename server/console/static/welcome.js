// The page at `/`: how to point an SDK at the address under which the page was found.

import { byId, copyable, h } from "./dom.js";

const url = location.origin;
const ways = {
  "environment": `export HH_API_URL=${url}\nexport HH_API_KEY=demo`,
  "Python": `from honeyhive import HoneyHiveTracer\n\nHoneyHiveTracer.init(api_key="demo", server_url="${url}", session_name="a run")`,
  "TypeScript": `new HoneyHive({ bearerAuth: "demo", serverURL: "${url}" })`,
  "OpenTelemetry": `export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${url}/opentelemetry/v1/traces\n`
    + 'export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer demo"',
  "curl": `curl ${url}/v1/sessions -H 'Authorization: Bearer demo' -H 'Content-Type: application/json' -d '{"session_name": "a run"}'`,
};

byId("snippets").append(...Object.entries(ways).flatMap(([name, text]) => [h("h3", {}, name), copyable(text, `${name} settings`)]));
