// On the log-in page: taps of the roster that still wait in this tab (taps.js) are not lost, and it says so.

const note = document.querySelector("[data-taps-kept]");
const count = Object.keys(sessionStorage)
  .filter((key) => key.startsWith("taps-"))
  .reduce((sum, key) => sum + JSON.parse(sessionStorage.getItem(key)).length, 0);
if (note && count) {
  note.lastElementChild.textContent =
    count === 1
      ? "1 tap on the roster waits. Sign in again and open the roster: then it is sent."
      : `${count} taps on the roster wait. Sign in again and open the roster: then they are sent.`;
  note.hidden = false;
}
