// Dragging an appointment: a layer on the same move. Picking it up asks the server which places fit, only those take
// it, and letting go over one asks for a confirmation as Enter does. A finger has to rest first, so that it can scroll.

const FAR = 8; // pixels before a press becomes a drag
const REST = 450; // milliseconds that a finger rests before it picks up

let held = null;
let board = null;

const place = (x, y) => document.elementFromPoint(x, y)?.closest(".fit-here a");

// `board` is what the board offers for it: startMove, leaveMove, isMoving, showLength.
export function startDragging(offered) {
  board = offered;
  document.addEventListener("pointerdown", pressed);
  document.addEventListener("pointermove", pulled);
  document.addEventListener("pointerup", (event) => event.pointerType !== "touch" && letGo(event.clientX, event.clientY));
  document.addEventListener("touchstart", touched, { passive: true });
  document.addEventListener("contextmenu", (event) => held?.isDragging && event.preventDefault());
  document.addEventListener("keydown", (event) => event.key === "Escape" && drop());
  // The browser's own dragging of links would take the pointer away.
  document.addEventListener("dragstart", (event) => event.target.closest?.("[data-move]") && event.preventDefault());
}

function pressed(event) {
  const block = event.target.closest?.("[data-move]");
  if (!block || event.button !== 0 || event.pointerType === "touch") return;
  held = { block, x: event.clientX, y: event.clientY };
}

function pulled(event) {
  if (!held || event.pointerType === "touch") return;
  if (!held.isDragging && isFar(event)) pickUp();
  if (held.isDragging) follow(event);
}

const isFar = ({ clientX, clientY }) => Math.hypot(clientX - held.x, clientY - held.y) > FAR;

function pickUp() {
  const { block } = held;
  const ghost = block.cloneNode(true);
  ghost.removeAttribute("id");
  ghost.classList.add("ghost", ...block.parentElement.classList);
  ghost.setAttribute("aria-hidden", "true");
  ghost.style.width = `${Math.min(block.offsetWidth, 260)}px`;
  document.body.append(ghost);
  Object.assign(held, { isDragging: true, ghost });
  follow({ clientX: held.x, clientY: held.y });
  board.startMove(block.dataset.move);
}

function follow({ clientX, clientY }) {
  held.ghost.style.translate = `${clientX + 10}px ${clientY + 10}px`;
  const over = place(clientX, clientY);
  if (over === held.over) return;
  held.over?.classList.remove("is-over");
  over?.classList.add("is-over");
  held.over = over;
  board.showLength(over);
}

// Forget what is held.
function drop() {
  clearTimeout(held?.resting);
  held?.ghost?.remove();
  held?.over?.classList.remove("is-over");
  held = null;
}

function letGo(x, y, isTouch = false) {
  const wasDragging = held?.isDragging;
  drop();
  if (!wasDragging) return;
  // The click that ends a drag opens nothing.
  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  window.addEventListener("click", swallow, true);
  setTimeout(() => {
    window.removeEventListener("click", swallow, true);
    land(x, y, isTouch);
  }, 0);
}

function land(x, y, isTouch) {
  if (!board.isMoving()) {
    // Faster than the server: it has yet to say which places fit.
    return document.body.addEventListener("htmx:afterSettle", () => board.isMoving() && land(x, y, isTouch), { once: true });
  }
  const over = place(x, y);
  if (over) {
    over.focus();
    over.click();
  } else if (!isTouch) board.leaveMove();
}

// The events of a finger go on reaching what it touched first, even when the board is drawn anew meanwhile.
function touched(start) {
  const block = start.target.closest?.("[data-move]");
  if (!block || start.touches.length > 1) return drop();
  const { clientX: x, clientY: y } = start.touches[0];
  held = { block, x, y, resting: setTimeout(pickUp, REST) };
  const touch = start.target;
  const moved = (event) => {
    if (!held) return;
    if (held.isDragging) {
      event.preventDefault();
      follow(event.touches[0]);
    } else if (isFar(event.touches[0])) drop();
  };
  const ended = (event) => {
    for (const [name, listener] of [["touchmove", moved], ["touchend", ended], ["touchcancel", ended]]) {
      touch.removeEventListener(name, listener);
    }
    if (!held?.isDragging || event.type === "touchcancel") return drop();
    event.preventDefault();
    const { clientX, clientY } = event.changedTouches[0];
    letGo(clientX, clientY, true);
  };
  touch.addEventListener("touchmove", moved, { passive: false });
  touch.addEventListener("touchend", ended);
  touch.addEventListener("touchcancel", ended);
}
