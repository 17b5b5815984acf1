// What every page needs: keys, the panel, and a word when a request fails.

import { startKeys } from "./keys.js";
import { startPanel } from "./panel.js";
import { startSession } from "./session.js";
import { startToasts } from "./toasts.js";

startKeys();
startPanel();
startSession();
startToasts();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// A date or choice that leads to another page goes there by itself; without scripts its button does.
for (const form of document.querySelectorAll("form[data-go-on-change]")) {
  form.querySelector("button")?.classList.add("visually-hidden");
  form.addEventListener("change", () => form.reportValidity() && form.requestSubmit());
}

window.addEventListener("beforeprint", () => {
  const now = new Date().toLocaleString("en-US", { dateStyle: "medium", timeStyle: "short" });
  for (const place of document.querySelectorAll("[data-printed-at]")) place.textContent = `Printed ${now}`;
});
