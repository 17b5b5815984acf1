// One key for what is done all day. Any link, button or field says its own key:
//   <a href="..." data-key="b" data-key-label="Book the next dose">
// `/` goes to the search box and `?` lists the keys of the page. Keys pressed before the scripts were there (early.js)
// are pressed again.

const TYPING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "/") return use(event, document.querySelector("[data-search-box]"));
    if (event.key === "?") return listKeys(event);
    const root = document.querySelector("dialog[open]") ?? document;
    use(event, root.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
  });
}

// Once every script of the page listens: press what was pressed too early, as the same fingers would have.
export function pressEarlyKeys() {
  for (const key of window.earlyKeys?.() ?? []) {
    const at = document.activeElement ?? document.body;
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    if (!at.dispatchEvent(event)) continue;
    if (at.matches(TYPING)) type(at, key);
    else if (key === "Enter" && at.matches("a[href], button")) at.click();
  }
}

function type(box, key) {
  if (key === "Enter") return box.form?.requestSubmit();
  if (key.length > 1 || box.matches("select")) return;
  box.setRangeText(key, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function use(event, element) {
  if (!element || (element.closest("dialog") === null && document.querySelector("dialog[open]"))) return;
  event.preventDefault();
  if (!element.matches("input, select, textarea")) return element.click();
  element.focus();
  element.select?.();
}

function listKeys(event) {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  const rows = [];
  if (document.querySelector("[data-search-box]")) rows.push(["/", "Find a patient"]);
  for (const list of document.querySelectorAll("[data-keys]")) {
    rows.push(...list.dataset.keys.split("|").map((line) => line.split("=")));
  }
  for (const element of document.querySelectorAll("[data-key-label]")) {
    rows.push([element.dataset.keyShown ?? element.dataset.key, element.dataset.keyLabel]);
  }
  rows.push(["Esc", "Close"], ["?", "These keys"]);
  document.getElementById("keys-list").replaceChildren(...rows.flatMap(([key, label]) => {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    return [term, Object.assign(document.createElement("dd"), { textContent: label })];
  }));
  dialog.showModal();
}
