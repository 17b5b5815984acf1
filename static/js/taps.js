// Taps on the roster while the network, or the database behind the server, is away: kept in order, marked on their
// cards, and sent once each when it is back. Kept for this tab and this nurse alone, as numbers and steps, never as
// names. A tap whose answer was lost is sent again: the server takes the same step only once, and none that has passed.

import { say } from "./toasts.js";

const roster = () => document.getElementById("roster-live");
const isTap = (element) => element?.matches?.("form[data-tap]");
const shelf = () => `taps-${roster().dataset.tapsOf}`;
const waiting = () => JSON.parse(sessionStorage.getItem(shelf()) ?? "[]");
const AGAIN = 3000;
let isSending = false;

function keep(taps) {
  if (taps.length) sessionStorage.setItem(shelf(), JSON.stringify(taps));
  else sessionStorage.removeItem(shelf());
  mark();
}

function add({ appointment, status, seen }) {
  keep([...waiting().filter((tap) => tap.appointment !== appointment), { appointment, status, seen }]);
}

function mark() {
  const taps = waiting();
  for (const form of roster().querySelectorAll("form[data-tap]")) {
    const tap = taps.find(({ appointment }) => appointment === form.elements.appointment.value);
    const button = tap && form.querySelector(`button[value="${tap.status}"]`);
    const note = form.querySelector("[data-waits]");
    note.hidden = !button;
    note.textContent = button ? `Waiting to be sent: ${button.firstChild.textContent}` : "";
    for (const each of form.querySelectorAll("button")) each.disabled = Boolean(button);
  }
  const line = roster().querySelector("[data-taps]");
  line.hidden = !taps.length;
  line.textContent = taps.length === 1 ? "1 tap waits for the connection" : `${taps.length} taps wait for the connection`;
}

async function send() {
  if (isSending || !waiting().length) return;
  isSending = true;
  let page = null;
  let count = 0;
  try {
    for (let taps = waiting(); taps.length; taps = waiting()) {
      const answer = await post(taps[0]);
      if (answer.redirected || answer.status === 423 || answer.status >= 500) break;
      if (answer.ok) page = await answer.text();
      else say("A tap that waited was refused: the visit is no longer here, or no longer yours to change.", "error");
      keep(waiting().slice(1));
      count += 1;
    }
  } catch {
    // Still away: the taps stay where they are.
  }
  isSending = false;
  if (waiting().length) setTimeout(send, AGAIN);
  if (page) window.htmx.swap(roster(), page, { swapStyle: "outerHTML" });
  if (count) say(count === 1 ? "The tap that waited is sent." : `The ${count} taps that waited are sent.`);
}

function post(tap) {
  return fetch(window.location.pathname, {
    method: "POST",
    headers: { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" },
    body: new URLSearchParams(tap),
    signal: AbortSignal.timeout(10000),
  });
}

// A tap waits its turn behind those that wait already.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (!isTap(event.detail.elt) || !waiting().length) return;
  event.preventDefault();
  add(event.detail.requestConfig.parameters);
  send();
});
for (const lost of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.body.addEventListener(lost, (event) => {
    if (!isTap(event.detail.elt) || (lost === "htmx:responseError" && event.detail.xhr.status !== 503)) return;
    add(event.detail.requestConfig.parameters);
    setTimeout(send, AGAIN);
  });
}
document.body.addEventListener("htmx:afterSettle", () => roster() && mark());
window.addEventListener("online", send);
mark();
send();
