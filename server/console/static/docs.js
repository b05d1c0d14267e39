// The document that the address names, in the renderer; requests go to this server.

import { token } from "./token.js";

const names = ["honeyhive", "control"];
const asked = new URLSearchParams(location.search).get("document") ?? "";
const name = names.includes(asked) ? asked : "honeyhive";

for (const link of document.querySelectorAll("header a")) {
  if (link.getAttribute("href") === `?document=${name}`) link.setAttribute("aria-current", "page");
}

// what the renderer leaves without a name or out of the keyboard's reach
const NAMES = { "#servers": "Server", ".examples-select-element": "Example", ".body-param__text": "Body", ".content-type": "Media type" };
new MutationObserver(() => {
  for (const [selector, label] of Object.entries(NAMES)) {
    for (const each of document.querySelectorAll(`${selector}:not([aria-label])`)) each.setAttribute("aria-label", label);
  }
  for (const each of document.querySelectorAll("pre.microlight:not([tabindex])")) each.setAttribute("tabindex", "0");
}).observe(document.body, { childList: true, subtree: true });

addEventListener("load", () => {
  const render = /** @type {(options: object) => { preauthorizeApiKey: (name: string, key: string) => void }} */ (
    Reflect.get(window, "SwaggerUIBundle")
  );
  const shown = render({
    url: `docs/${name}.json`,
    dom_id: "#document",
    deepLinking: false, // whose links would be within buttons
    tryItOutEnabled: true,
    persistAuthorization: false,
    validatorUrl: null,
    onComplete: () => shown.preauthorizeApiKey("bearer", token() || "demo"),
  });
});
