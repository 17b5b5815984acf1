// Worklists under the fingers: j and k go from row to row, and the keys of the row in hand do what its buttons do.
// When a row is done the next one comes under the fingers.

const ROW = "[data-row]";
let inHand = null;
let next = null;

const rows = (root = document) => [...root.querySelectorAll(ROW)];

// A row's own keys count only while it is in hand, so each key stands once on the page.
function take(row) {
  if (row === inHand) return;
  for (const element of document.querySelectorAll("[data-row-key][data-key]")) {
    delete element.dataset.key;
    delete element.dataset.keyLabel;
  }
  inHand = row;
  for (const element of row?.querySelectorAll("[data-row-key]") ?? []) {
    element.dataset.key = element.dataset.rowKey;
    element.dataset.keyLabel = element.dataset.rowLabel;
  }
}

function go(row) {
  if (!row) return;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.(ROW);
  if (row) take(row);
});

for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => {
    const all = rows();
    const at = inHand?.isConnected ? all.indexOf(inHand) : -1;
    go(all[at < 0 ? 0 : Math.min(Math.max(at + Number(button.dataset.step), 0), all.length - 1)]);
  });
}

// Who opens a page to book somebody works on that patient: others see it.
document.addEventListener("click", (event) => {
  const form = event.target.closest?.("a[data-claims]")?.closest("form");
  if (!form) return;
  const claim = new URLSearchParams({ act: "claim", csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
  fetch(form.action, { method: "POST", body: claim, keepalive: true, headers: { "HX-Request": "true" } });
});

// Small forms: one at a time, Escape closes, the first field is ready to type in.
document.addEventListener("toggle", (event) => {
  const pop = event.target;
  if (!pop.matches?.("[data-pop]") || !pop.open) return;
  for (const other of document.querySelectorAll("[data-pop][open]")) if (other !== pop) other.open = false;
  pop.querySelector("input:not([type=hidden])")?.focus();
}, true);
document.addEventListener("click", (event) => {
  for (const pop of document.querySelectorAll("[data-pop][open]")) if (!pop.contains(event.target)) pop.open = false;
});
document.addEventListener("keydown", (event) => {
  const pop = document.querySelector("[data-pop][open]");
  if (event.key !== "Escape" || !pop) return;
  event.preventDefault();
  event.stopPropagation();
  pop.open = false;
  pop.querySelector("summary").focus();
}, true);

// What is being typed is not swept away by a refresh.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "worklists" && document.querySelector("[data-pop][open]")) event.preventDefault();
});

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const row = document.activeElement?.closest?.(ROW);
  const list = row?.closest("[data-list]");
  next = list && event.detail.target.contains(list) ? { row: row.id, list: list.id, at: rows(list).indexOf(row) } : null;
});
document.body.addEventListener("htmx:afterSettle", () => {
  if (!next) return;
  const { row, list, at } = next;
  next = null;
  inHand = null;
  if (document.activeElement?.closest?.(ROW)) return take(document.activeElement.closest(ROW));
  const left = rows(document.getElementById(list) ?? document);
  go(document.getElementById(row) ?? left[at] ?? left.at(-1));
});
