// Taps on the roster while the network, or the database behind the server, is away: kept in order, marked on their
// cards, and sent once each when it is back. Kept for this tab and this nurse alone, as numbers and steps, never as
// names: a reload, a locked screen and a new sign-in lose none. A tap whose answer was lost is sent again: the server
// takes the same step only once, and none that has passed.

import { say } from "./toasts.js";

const roster = () => document.getElementById("roster-live");
const isTap = (element) => element?.matches?.("form[data-tap]");
const shelf = () => `taps-${roster().dataset.tapsOf}`;
const waiting = () => JSON.parse(sessionStorage.getItem(shelf()) ?? "[]");
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const isSignIn = (url) => new URL(url, window.location.href).pathname === "/login/";
const AGAIN = 3000;
let isSending = false;

function keep(taps) {
  if (taps.length) sessionStorage.setItem(shelf(), JSON.stringify(taps));
  else sessionStorage.removeItem(shelf());
  mark();
}

function add(form, { appointment, status, seen }) {
  const { pathname } = new URL(form.action);
  keep([...without(appointment), { pathname, appointment, status, seen }]);
}

const without = (appointment) => waiting().filter((tap) => tap.appointment !== appointment);

function mark() {
  const taps = waiting();
  for (const form of roster().querySelectorAll("form[data-tap]")) {
    const tap = taps.find(({ appointment }) => appointment === form.elements.appointment.value);
    const button = tap && form.querySelector(`button[value="${tap.status}"]`);
    const note = form.querySelector("[data-waits]");
    note.hidden = !button;
    note.textContent = button ? `Waiting to be sent: ${button.firstChild.textContent}` : "";
    for (const each of form.querySelectorAll("button[name=status]")) each.disabled = Boolean(button);
    form.querySelector("[data-untap]").hidden = !button;
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
    for (let [tap] = waiting(); tap; [tap] = waiting()) {
      const answer = await post(tap);
      if (answer.redirected && isSignIn(answer.url)) return window.location.reload();
      if (answer.status === 423) document.body.dispatchEvent(new Event("screen-locked"));
      if (answer.redirected || answer.status === 423 || answer.status >= 500) break;
      if (!answer.ok) say("A tap that waited was refused: the visit is no longer here, or no longer yours to change.", "error");
      else if (tap.pathname === window.location.pathname) page = await answer.text();
      keep(waiting().filter((each) => !isSame(each, tap)));
      count += 1;
    }
  } catch {
    // Still away: the taps stay where they are.
  } finally {
    isSending = false;
  }
  if (waiting().length) setTimeout(send, AGAIN);
  if (page) window.htmx.swap(roster(), page, { swapStyle: "outerHTML" });
  if (count) say(count === 1 ? "The tap that waited is sent." : `The ${count} taps that waited are sent.`);
  return undefined;
}

function post({ pathname, ...tap }) {
  return fetch(pathname, {
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
  add(event.detail.elt, event.detail.requestConfig.parameters);
  send();
});
for (const lost of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.body.addEventListener(lost, ({ detail }) => {
    if (!isTap(detail.elt) || (lost === "htmx:responseError" && detail.xhr.status !== 503)) return;
    add(detail.elt, detail.requestConfig.parameters);
    say("Your tap did not get through: it waits on its card and is sent by itself.", "warning");
    setTimeout(send, AGAIN);
  });
}
// Signed out meanwhile: the page asks to sign in, and then sends it.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (isTap(detail.requestConfig.elt) && isSignIn(detail.xhr.responseURL)) {
    add(detail.requestConfig.elt, detail.requestConfig.parameters);
  }
});
document.body.addEventListener("click", (event) => {
  const form = event.target.closest?.("[data-untap]")?.form;
  if (!form) return;
  keep(without(form.elements.appointment.value));
  form.querySelector("button[name=status]").focus();
});
document.body.addEventListener("htmx:afterSettle", () => roster() && mark());
window.addEventListener("online", send);
mark();
send();
