// When the session has run out, a request in the background is answered with the log-in page. Instead of
// drawing that inside the page, load the page again: it asks to sign in and then comes back here.

import { startLock } from "./session-lock.js";

export function startSession() {
  startLock();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { responseURL } = event.detail.xhr;
    if (responseURL && new URL(responseURL).pathname === "/login/") {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
}
