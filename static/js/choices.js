// Openings under the fingers: a digit goes to the opening that carries it, the arrows go to its neighbours,
// and Enter presses it. A digit never books by itself.

const CHOICE = "[data-choice]";

export function startChoices() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select")) return;
    const root = document.querySelector("dialog[open]") ?? document;
    const digit = /^[1-9]$/.test(event.key) && root.querySelector(`[data-digit="${event.key}"]`);
    const next = digit || neighbour(event.target.closest?.(CHOICE), event.key, root);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}

// The nearest opening in a direction: what lies straight ahead comes before what lies aside.
function neighbour(from, key, root) {
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  if (!from || !way) return null;
  const here = middle(from);
  let best = null;
  let least = Infinity;
  for (const other of root.querySelectorAll(CHOICE)) {
    const there = middle(other);
    const [x, y] = [there.x - here.x, there.y - here.y];
    const ahead = x * way[0] + y * way[1];
    const aside = Math.abs(x * way[1]) + Math.abs(y * way[0]);
    if (ahead < 4 || (way[1] && aside > 40)) continue;
    const distance = ahead + 3 * aside;
    if (distance < least) [best, least] = [other, distance];
  }
  return best;
}

function middle(element) {
  const box = element.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}
