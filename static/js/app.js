// What every page needs: keys, the panel, undo, and a word when a request fails.

import { startChoices } from "./choices.js";
import { startFocus } from "./focus.js";
import { pressEarlyKeys, startKeys } from "./keys.js";
import { startPanel } from "./panel.js";
import { startSession } from "./session.js";
import { startToasts } from "./toasts.js";
import { startUndo } from "./undo.js";

startKeys();
startChoices();
startPanel();
startFocus();
startSession();
startToasts();
startUndo();
document.addEventListener("DOMContentLoaded", pressEarlyKeys);

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// A date or choice picked by mouse leads to its page at once; typed, with Enter. Without scripts its button does.
let typedIn = null;
document.addEventListener("keydown", (event) => (typedIn = event.target));
document.addEventListener("pointerdown", () => (typedIn = null));
document.addEventListener("change", (event) => {
  const { form } = event.target;
  if (form?.matches("[data-go-on-change]") && typedIn !== event.target && form.reportValidity()) form.requestSubmit();
});

window.addEventListener("beforeprint", () => {
  const now = new Date().toLocaleString("en-US", { dateStyle: "medium", timeStyle: "short" });
  for (const place of document.querySelectorAll("[data-printed-at]")) place.textContent = `Printed ${now}`;
});
