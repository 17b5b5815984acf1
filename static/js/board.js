// The board under the fingers: arrow keys move between appointments and free times, and another desk's
// change slips in without moving the focus or the scroll.

const ITEM = "[data-item]";
let lastId = null;
let scrolledTo = null;

const board = () => document.querySelector("[data-board]");
const scroller = () => document.querySelector("[data-board-scroll]");

// One stop for Tab: the item last used, else the first.
function setStop(chosen) {
  const items = board()?.querySelectorAll(ITEM) ?? [];
  const stop = chosen ?? document.getElementById(lastId) ?? items[0];
  for (const item of items) item.tabIndex = item === stop ? 0 : -1;
  lastId = stop?.id ?? null;
}

function beside(item, step) {
  const row = [...item.closest("tr").querySelectorAll(ITEM)];
  return row[row.indexOf(item) + step];
}

function inRow(row, x) {
  let best = null;
  let distance = Infinity;
  for (const item of row.querySelectorAll(ITEM)) {
    const box = item.getBoundingClientRect();
    const away = Math.max(box.left - x, x - box.right, 0);
    if (away < distance) [best, distance] = [item, away];
  }
  return best;
}

function above(item, step) {
  const x = item.getBoundingClientRect().left + 4;
  const side = step < 0 ? "previousElementSibling" : "nextElementSibling";
  for (let row = item.closest("tr")[side]; row; row = row[side]) {
    const found = inRow(row, x);
    if (found) return found;
  }
  return null;
}

const MOVES = {
  ArrowRight: (item) => beside(item, 1),
  ArrowLeft: (item) => beside(item, -1),
  ArrowDown: (item) => above(item, 1),
  ArrowUp: (item) => above(item, -1),
  Home: (item) => item.closest("tr").querySelector(ITEM),
  End: (item) => [...item.closest("tr").querySelectorAll(ITEM)].at(-1),
};

document.addEventListener("keydown", (event) => {
  const item = event.target.closest?.(ITEM);
  const move = MOVES[event.key];
  if (!item || !move || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  move(item)?.focus();
});

document.addEventListener("focusin", (event) => {
  const item = event.target.closest?.(ITEM);
  if (!item) return;
  setStop(item);
  // The names on the left cover what scrolls under them.
  const names = item.closest("tr").firstElementChild.getBoundingClientRect().right;
  const hidden = names + 4 - item.getBoundingClientRect().left;
  if (hidden > 0) scroller().scrollLeft -= hidden;
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "board-live" && document.hidden) event.preventDefault();
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "board-live") scrolledTo = scroller()?.scrollLeft ?? null;
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "board-live" && event.detail.target?.id !== "board-live") return;
  if (scrolledTo !== null && scroller()) scroller().scrollLeft = scrolledTo;
  setStop();
});

// A board that cannot be refreshed says so.
const showStale = (isStale) => {
  for (const note of document.querySelectorAll("[data-stale]")) note.hidden = !isStale;
};
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.body.addEventListener(name, (event) => event.detail.elt.id === "board-live" && showStale(true));
}
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id === "board-live" && (event.detail.successful || event.detail.xhr.status === 304)) showStale(false);
});

setStop();
const now = board()?.querySelector(".now");
if (now && scroller().scrollWidth > scroller().clientWidth) {
  scroller().scrollLeft = now.offsetLeft - scroller().clientWidth / 3;
}
