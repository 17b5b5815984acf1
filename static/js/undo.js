// Undo stands beside what was just done for ten seconds; longer while somebody is about to press it. When the panel it
// stands in is closed, it goes on outside.

const OFFERED = 10000;

export function startUndo() {
  arm();
  document.body.addEventListener("htmx:load", arm);
  document.getElementById("panel")?.addEventListener("close", saveFromPanel, { capture: true });
}

function arm() {
  for (const form of document.querySelectorAll("[data-undo]:not([data-armed])")) {
    form.dataset.armed = "";
    setTimeout(() => expire(form), OFFERED);
  }
  for (const note of document.querySelectorAll("[data-toast]:not([data-armed])")) {
    note.dataset.armed = "";
    if (!note.querySelector("[data-undo]")) setTimeout(() => note.remove(), OFFERED);
  }
}

function expire(form) {
  if (!form.isConnected) return;
  if (form.matches(":hover, :focus-within")) return setTimeout(() => expire(form), 1000);
  (form.closest("[data-toast]") ?? form).remove();
}

function saveFromPanel() {
  const form = document.querySelector("#panel-body [data-undo]");
  if (!form) return;
  const toast = form.closest("[data-said]");
  toast.className = "message message-success mb-0";
  toast.dataset.toast = "";
  document.getElementById("toasts").append(toast);
}
