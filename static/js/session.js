// When the session has run out, a request in the background is answered with the log-in page. Instead of
// drawing that inside the page, load the page again: it asks to sign in and then comes back here.

import { startLock } from "./session-lock.js";

export function startSession() {
  startLock();
  letSeeNewPasswords();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { responseURL } = event.detail.xhr;
    if (responseURL && new URL(responseURL).pathname === "/login/") {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
}

// A new password is typed once: whoever is alone may look at it.
function letSeeNewPasswords() {
  for (const field of document.querySelectorAll("input[autocomplete='new-password']")) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    label.className = "show-typed";
    box.className = "form-check-input";
    box.type = "checkbox";
    box.addEventListener("change", () => (field.type = box.checked ? "text" : "password"));
    label.append(box, "Show what I type");
    field.after(label);
  }
}
