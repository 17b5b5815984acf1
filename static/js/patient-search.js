// Choosing among the patients found: arrows go through the list, Enter opens, typing goes on in the box.

const form = document.querySelector("[data-patient-search]");
const box = form.querySelector("[data-search-box]");
const rows = () => [...document.querySelectorAll("[data-found]")];

// The list belongs to what stands in the box, and not to what stood there a moment ago.
const isCurrent = () => document.querySelector("[data-found-for]")?.dataset.foundFor === box.value.trim();

form.addEventListener("submit", (event) => {
  const found = rows();
  if (found.length === 1 && isCurrent()) {
    event.preventDefault();
    found[0].click();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const found = rows();
  const at = found.indexOf(document.activeElement);
  const isInBox = document.activeElement === box;
  if (!isInBox && at < 0) return;
  if (event.key === "ArrowDown" && found.length) focus(event, found[Math.min(at + 1, found.length - 1)]);
  else if (event.key === "ArrowUp" && at >= 0) focus(event, at === 0 ? box : found[at - 1]);
  else if (event.key === "Home" && at >= 0) focus(event, found[0]);
  else if (event.key === "End" && at >= 0) focus(event, found[found.length - 1]);
  else if ((event.key === "Escape" || event.key === "Backspace") && at >= 0) focus(event, box);
  else if (event.key.length === 1 && event.key !== " " && at >= 0) box.focus();
});

function focus(event, element) {
  event.preventDefault();
  event.stopPropagation();
  element.focus();
}
