// The document that the address names, in the renderer; requests go to this server.

import { token } from "./token.js";

const names = ["honeyhive", "control"];
const asked = new URLSearchParams(location.search).get("document") ?? "";
const name = names.includes(asked) ? asked : "honeyhive";

for (const link of document.querySelectorAll("header a")) {
  if (link.getAttribute("href") === `?document=${name}`) link.setAttribute("aria-current", "page");
}

addEventListener("load", () => {
  const render = /** @type {(options: object) => { preauthorizeApiKey: (name: string, key: string) => void }} */ (
    Reflect.get(window, "SwaggerUIBundle")
  );
  const shown = render({
    url: `docs/${name}.json`,
    dom_id: "#document",
    deepLinking: true,
    tryItOutEnabled: true,
    persistAuthorization: false,
    validatorUrl: null,
    onComplete: () => shown.preauthorizeApiKey("bearer", token() || "demo"),
  });
});
