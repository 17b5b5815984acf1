// A part of a page that asks for itself again: [data-live] with an htmx trigger. It rests while nobody looks,
// and says so when it can't be brought up to date.

const isLive = (event) => event.detail.elt.hasAttribute("data-live");

function showStale(isStale) {
  for (const note of document.querySelectorAll("[data-stale]")) note.hidden = !isStale;
}

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (isLive(event) && document.hidden) event.preventDefault();
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!isLive(event)) return;
  showStale(!(event.detail.successful || event.detail.xhr.status === 304));
});
