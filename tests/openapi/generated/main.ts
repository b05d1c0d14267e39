// One session, one event and one search by each generated client, and the health by those of the admin API.
import { client as heyClient } from "./hey/honeyhive/client.gen";
import { createEvent as heyEvent, createSession as heySession, searchEvents as heySearch } from "./hey/honeyhive/sdk.gen";
import { client as heyAdmin } from "./hey/control/client.gen";
import { getHealth as heyHealth } from "./hey/control/sdk.gen";
import { createEvent as orvalEvent, createSession as orvalSession, searchEvents as orvalSearch } from "./orval/honeyhive";
import { getHealth as orvalHealth } from "./orval/control";
import type { paths } from "./types/honeyhive";
import type { paths as adminPaths } from "./types/control";

declare const process: { argv: string[] };
const url = process.argv[2] ?? "";
const headers = { Authorization: `Bearer ${process.argv[3] ?? ""}` };

function check(name: string, holds: boolean): void {
  if (!holds) throw new Error(`${name} did not get what it asked for`);
}

type Body = NonNullable<paths["/v1/sessions"]["post"]["requestBody"]>["content"]["application/json"];
type Started = paths["/v1/sessions"]["post"]["responses"]["200"]["content"]["application/json"];
type Health = adminPaths["/health"]["get"]["responses"]["200"]["content"]["application/json"];

async function main(): Promise<void> {
  // @hey-api/openapi-ts
  heyClient.setConfig({ baseUrl: url, headers });
  heyAdmin.setConfig({ baseUrl: `${url}/__admin` });
  const started = await heySession({ body: { session_name: "hey", metadata: { any: { depth: [1] } } } });
  check("a session by hey-api", started.data?.event_name === "hey");
  const session_id = started.data?.session_id ?? "";
  const event = await heyEvent({ body: { event_type: "tool", inputs: { a: 1 }, session_id } });
  check("an event by hey-api", event.data?.success === true);
  const filters = [{ field: "session_id", operator: "is" as const, value: session_id, type: "string" as const }];
  check("a search by hey-api", (await heySearch({ body: { filters } })).data?.count === 2);
  check("health by hey-api", (await heyHealth()).data?.ready === true);

  // orval; its functions take the address from where they run, so it is set here
  const there = globalThis.fetch;
  globalThis.fetch = (path, options) =>
    there(typeof path === "string" && path.startsWith("/") ? url + path : path, options);
  const session = await orvalSession({ session_name: "orval", inputs: { any: null } }, { headers });
  check("a session by orval", session.status === 200 && session.data.event_name === "orval");
  const added = await orvalEvent({ event_type: "model", inputs: { a: 1 } }, { headers });
  check("an event by orval", added.status === 200 && added.data.success === true);
  const page = await orvalSearch({ limit: 10 }, { headers });
  check("a search by orval", page.status === 200 && page.data.count > 0);
  check("health by orval", (await orvalHealth()).status === 200);

  // openapi-typescript, which makes types alone
  const body: Body = { session_name: "types", config: { model: "gpt-4o", depth: { more: [true] } } };
  const options = { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const typed = (await (await there(`${url}/v1/sessions`, options)).json()) as Started;
  check("a session by types", typed.event_name === "types");
  const health = (await (await there(`${url}/__admin/health`)).json()) as Health;
  check("health by types", health.ready);
  console.log("all clients were served");
}

void main();
