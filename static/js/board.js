// The board under the fingers: arrow keys move between appointments and free times, `m` lights up the places that an
// appointment fits, and another desk's change slips in without moving the focus or the scroll.

import { startDragging } from "./drag.js";

const ITEM = "[data-item]";
let lastId = null;
let scrolledTo = null;
let focusNext = null;

const live = () => document.getElementById("board-live");
const board = () => document.querySelector("[data-board]");
const scroller = () => document.querySelector("[data-board-scroll]");
const isMoving = () => Boolean(document.querySelector("[data-leave-move]"));
const isBoard = (event) => event.target.id === "board-live" || event.detail.target?.id === "board-live";

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
  ArrowLeft: (item) => beside(item, -1),
  ArrowRight: (item) => beside(item, 1),
  ArrowUp: (item) => above(item, -1),
  ArrowDown: (item) => above(item, 1),
  Home: (item) => item.closest("tr").querySelector(ITEM),
  End: (item) => [...item.closest("tr").querySelectorAll(ITEM)].at(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && isMoving() && !event.target.closest?.("input")) {
    event.preventDefault();
    return leaveMove();
  }
  const move = MOVES[event.key];
  // From nowhere in particular the arrows begin where Tab would.
  const item = event.target.closest?.(ITEM) ?? (event.target === document.body ? document.getElementById(lastId) : null);
  if (!item || !move) return;
  focusNext = null;
  event.preventDefault();
  (event.target === document.body ? item : move(item))?.focus();
});

document.addEventListener("focusin", (event) => {
  const item = event.target.closest?.(ITEM);
  if (!item) return;
  setStop(item);
  showLength(item);
  // The names on the left cover what scrolls under them.
  const names = item.closest("tr").firstElementChild.getBoundingClientRect().right;
  const hidden = names + 4 - item.getBoundingClientRect().left;
  if (hidden > 0) scroller().scrollLeft -= hidden;
});

// --- Moving an appointment: the server says which places fit, and draws them ---

function startMove(id) {
  focusNext = null;
  load(`${live().dataset.boardUrl}?move=${id}`);
}

function leaveMove(id) {
  const link = document.querySelector("[data-leave-move]");
  focusNext = id ?? link?.dataset.leaveMove;
  load(live().dataset.boardUrl);
}

function load(url) {
  window.history.replaceState(null, "", live().dataset.boardUrl);
  window.htmx.ajax("GET", url, { source: live(), target: "#board-live", swap: "outerHTML" });
}

// How long the stay would be from the place in hand.
function showLength(item) {
  const table = board();
  if (!table?.dataset.moving || !item?.closest(".fit-here")) return;
  const quarter = item.closest("td").getBoundingClientRect().width;
  table.style.setProperty("--stay", `${quarter * Number(table.dataset.moving)}px`);
}

function nearestPlace() {
  const here = board()?.querySelector(".here")?.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const item of board()?.querySelectorAll(ITEM) ?? []) {
    const box = item.getBoundingClientRect();
    const away = here ? Math.abs(box.left - here.left) + 4 * Math.abs(box.top - here.top) : 0;
    if (away < least) [best, least] = [item, away];
  }
  return best;
}

document.addEventListener("click", (event) => {
  const leave = event.target.closest?.("[data-leave-move]");
  if (leave) {
    event.preventDefault();
    return leaveMove();
  }
  if (event.target.closest?.("[data-start-move]")) {
    const item = document.getElementById(lastId);
    if (item?.dataset.move) startMove(item.dataset.move);
    else item?.focus();
  }
});
document.addEventListener("mouseover", (event) => showLength(event.target.closest?.(ITEM)));

// What was moved is under the fingers where it is now.
document.body.addEventListener("appointment-moved", (event) => leaveMove(`appointment-${event.detail.id}`));

// --- What other desks do ---

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "board-live" && document.hidden) event.preventDefault();
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "board-live") scrolledTo = scroller()?.scrollLeft ?? null;
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (!isBoard(event)) return;
  if (scrolledTo !== null && scroller()) scroller().scrollLeft = scrolledTo;
  setStop();
  settleFocus();
});

function settleFocus() {
  if (document.querySelector("dialog[open]")) return;
  const inHand = document.activeElement?.closest?.(ITEM);
  const wanted = focusNext ? document.getElementById(focusNext) : isMoving() && !inHand ? nearestPlace() : null;
  wanted?.focus();
  // A refresh that was under way already may come first, and not have it yet.
  if (document.activeElement?.id === focusNext) focusNext = null;
}

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

startDragging({ startMove, leaveMove, isMoving, showLength });
setStop();
if (isMoving()) settleFocus();
const now = board()?.querySelector(".now");
if (now && scroller().scrollWidth > scroller().clientWidth) {
  scroller().scrollLeft = now.offsetLeft - scroller().clientWidth / 3;
}
