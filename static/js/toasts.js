// Says what happened, for eyes and screen readers: when a request fails, or when the server
// answers with HX-Trigger: {"say": "Booked for Monday 9:00."}

const FAILED = "That did not reach the clinic's server. Look at your connection and try again.";
const REFUSED = "You may not do this. Ask your manager for access.";
const AWAY = "The schedule can’t be reached just now. What you entered stays here: press again in a few seconds. It is not done twice.";
const BROKE = "Something broke on our side; nothing was half saved. Try again.";

export function startToasts() {
  document.body.addEventListener("say", (event) => say(event.detail.value));
  document.body.addEventListener("htmx:sendError", (event) => speaksForItself(event) || say(FAILED, "error"));
  document.body.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (status === 503 ? speaksForItself(event) : isPoll(event)) return;
    say(({ 403: REFUSED, 503: AWAY }[status] ?? BROKE) + reference(event.detail.xhr), "error");
  });
}

export function say(text, level = "success") {
  const toasts = document.getElementById("toasts");
  const toast = document.createElement("p");
  toast.className = `message message-${level} mb-0`;
  toast.textContent = text;
  toasts.append(toast);
  setTimeout(() => toast.remove(), level === "error" ? 12000 : 6000);
}

// What finds the request in the log, to be read out on the phone.
function reference(xhr) {
  const found = xhr.getResponseHeader("X-Reference");
  return found ? ` Reference: ${found}` : "";
}

// A tap that did not get through waits on its card.
function speaksForItself(event) {
  return isPoll(event) || event.detail.elt?.hasAttribute("data-tap");
}

// A poll that fails must not cover the page with notices; the page says by itself that it is stale.
function isPoll(event) {
  return event.detail.elt?.hasAttribute("data-poll");
}
