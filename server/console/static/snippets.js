// A request of the journal as something to run again.

/** @typedef {import("./journal.js").Entry} Entry */

const LEFT_OUT = new Set(["host", "content-length", "connection", "accept-encoding", "authorization", "transfer-encoding"]);

/**
 * As a command.
 * @param {Entry} entry
 */
export function asCurl(entry) {
  const parts = [`curl -X ${entry.request.method} ${quoted(location.origin + target(entry))}`, `-H ${quoted("Authorization: Bearer demo")}`];
  for (const [name, value] of headers(entry)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (entry.request.size) parts.push(`--data-raw ${quoted(bodyText(entry))}`);
  return parts.join(" \\\n  ");
}

/**
 * As a test with the fixture `hivestand`.
 * @param {Entry} entry
 */
export function asPytest(entry) {
  const sent = entry.request.size ? `,\n        data=${pythonBytes(bodyText(entry))}` : "";
  const named = headers(entry).map(([name, value]) => `            ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`).join("");
  return `import urllib.request


def test_${slug(entry)}(hivestand):
    request = urllib.request.Request(
        hivestand.url + ${JSON.stringify(target(entry))},
        method=${JSON.stringify(entry.request.method)},
        headers={
            "Authorization": f"Bearer {hivestand.token}",
${named}        }${sent},
    )
    try:
        with urllib.request.urlopen(request) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    assert status == ${entry.status ?? 200}
`.replace("import urllib.request\n", "import urllib.error\nimport urllib.request\n");
}

/**
 * As a test for Node's own runner.
 * @param {Entry} entry
 */
export function asNodeTest(entry) {
  const sent = entry.request.size ? `\n    body: ${JSON.stringify(bodyText(entry))},` : "";
  const named = headers(entry).map(([name, value]) => `, ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join("");
  return `import assert from "node:assert/strict";
import { test } from "node:test";

const url = process.env.HH_API_URL ?? ${JSON.stringify(location.origin)};

test(${JSON.stringify(`${entry.request.method} ${entry.request.path}`)}, async () => {
  const response = await fetch(url + ${JSON.stringify(target(entry))}, {
    method: ${JSON.stringify(entry.request.method)},
    headers: { Authorization: \`Bearer \${process.env.HH_API_KEY ?? "demo"}\`${named} },${sent}
  });
  assert.equal(response.status, ${entry.status ?? 200});
});
`;
}

/** @param {Entry} entry */
function target(entry) {
  const path = entry.request.path.split("/").map((/** @type {string} */ part) => encodeURIComponent(part)).join("/");
  return entry.request.query ? `${path}?${entry.request.query}` : path;
}

/** @param {Entry} entry */
function headers(entry) {
  return Object.entries(entry.request.headers).filter(
    ([name, value]) => !LEFT_OUT.has(name) && value !== "***" && !name.startsWith("sec-") && !name.startsWith("hh-client-"),
  );
}

/** @param {Entry} entry */
function bodyText(entry) {
  return entry.request.encoding === "json" ? JSON.stringify(entry.request.body) : String(entry.request.body);
}

/** @param {Entry} entry */
function slug(entry) {
  return (entry.operation ?? entry.request.path).replaceAll(/([A-Z])/g, "_$1").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "") || "request";
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {string} text */
function pythonBytes(text) {
  return `${JSON.stringify(text).replaceAll(/\\u([dD][89abAB])/g, "\\\\u$1")}.encode()`;
}
