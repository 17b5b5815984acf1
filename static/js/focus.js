// The focus is never lost. When what had it is drawn anew and is no longer there, or was switched off while the server
// was asked, the nearest thing around it that still is has it.

const HOLDS = "a[href], button:not([disabled]), input:not([type=hidden], [disabled]), select, textarea, summary";
let around = [];
let outside = [];

const isLost = () => !document.activeElement || document.activeElement === document.body;

function idsAround(element) {
  const ids = [];
  for (let each = element; each; each = each.parentElement) if (each.id) ids.push(each.id);
  return ids;
}

function hold() {
  if (!isLost() || document.querySelector("dialog[open]")) return;
  const places = [...around, ...outside].map((id) => document.getElementById(id));
  const place = places.find((each) => each?.checkVisibility());
  if (!place) return;
  const held = place.matches(HOLDS) ? place : [...place.querySelectorAll(HOLDS)].find((each) => each.checkVisibility());
  if (!held) place.tabIndex = -1;
  (held ?? place).focus({ preventScroll: true });
}

export function startFocus() {
  document.addEventListener("focusin", ({ target }) => {
    around = idsAround(target);
    if (!target.closest("dialog")) outside = around;
  });
  // Whoever presses beside everything wants the focus nowhere.
  document.addEventListener("pointerdown", () => (around = outside = []));
  // After the page's own scripts, which know better where it belongs.
  document.body.addEventListener("htmx:afterSettle", () => setTimeout(hold));
  document.getElementById("panel")?.addEventListener("close", () => setTimeout(hold));
}
