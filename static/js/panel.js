// The panel beside the page. Whatever htmx puts into #panel-body opens it; Escape, its button or a click
// beside it close it, and the focus goes back to where it was. A response may close it with the
// header HX-Trigger: close-panel.

export function startPanel() {
  const panel = document.getElementById("panel");
  const body = document.getElementById("panel-body");
  if (!panel || !body) return;
  let openedFrom = null;

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === body && !panel.open) openedFrom = event.detail.elt;
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body) return;
    if (!panel.open) panel.showModal();
    (body.querySelector("[autofocus]") ?? body).focus();
  });
  document.body.addEventListener("close-panel", () => panel.close());
  panel.addEventListener("click", (event) => {
    const closes = event.target.closest("[data-panel-close]");
    if (closes?.matches("a")) event.preventDefault(); // where it leads without scripts lies under the panel
    if (event.target === panel || closes) panel.close();
  });
  panel.addEventListener("close", () => {
    body.replaceChildren();
    // The page may have been redrawn meanwhile: the same thing has the same id.
    const back = openedFrom?.isConnected ? openedFrom : openedFrom?.id && document.getElementById(openedFrom.id);
    if (back) back.focus();
    openedFrom = null;
  });
}
