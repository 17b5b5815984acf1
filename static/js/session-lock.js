// A screen that nobody uses locks itself. The server decides; this page asks it how long is left, warns a minute
// before, and covers itself when locked. What was typed stays where it is, and what was asked for while locked is
// asked again after unlocking.

const WARN = 60;
const SAY_EVERY = 20000;
const AGAIN = 15000;

export function startLock() {
  const dialog = document.getElementById("lock");
  if (!dialog) return;
  const warning = document.getElementById("idle-warning");
  const [form] = dialog.getElementsByTagName("form");
  const field = form.elements.unlock;
  const wrong = document.getElementById("unlock-error");
  const away = document.getElementById("unlock-away");
  let timer = null;
  let deadline = 0;
  let lastSaid = Date.now();
  let isLocked = false;
  let interrupted = null;
  let focused = null;

  function plan(left) {
    clearTimeout(timer);
    deadline = Date.now() + left * 1000;
    if (left <= 0) return lock();
    if (isLocked) return unlocked();
    warning.hidden = left > WARN;
    if (left <= WARN) lastSaid = 0;
    timer = setTimeout(() => ask("GET"), (left > WARN ? left - WARN : left) * 1000 + 500);
    return undefined;
  }

  // GET only looks, POST says that somebody is there.
  async function ask(method) {
    try {
      const answer = await fetch(dialog.dataset.idle, { method, headers: headers() });
      if (answer.status === 503) throw new Error("away");
      if (answer.redirected || !answer.ok) return window.location.reload();
      return plan((await answer.json()).left);
    } catch {
      // The server is away: go by our own clock, and ask again.
      if (Date.now() >= deadline) lock();
      timer = setTimeout(() => ask("GET"), AGAIN);
      return undefined;
    }
  }

  function lock() {
    if (isLocked) return;
    isLocked = true;
    warning.hidden = true;
    focused = document.activeElement;
    field.value = "";
    dialog.showModal();
    field.focus();
  }

  function unlocked() {
    isLocked = false;
    show({});
    dialog.close();
    ask("GET");
    if (focused?.isConnected) focused.focus();
    repeat();
  }

  function repeat() {
    const request = interrupted;
    interrupted = null;
    if (!request?.elt.isConnected) return;
    window.htmx.ajax(request.verb, request.path, {
      source: request.elt,
      target: request.target,
      values: request.formData,
    });
  }

  // Why the screen stays locked: the wrong word, or nobody to ask. Said anew each time.
  function show({ isWrong = false, isAway = false }) {
    wrong.hidden = !isWrong;
    away.hidden = !isAway;
    field.classList.toggle("is-invalid", isWrong);
    field.setAttribute("aria-invalid", String(isWrong));
  }

  function end() {
    for (const each of dialog.getElementsByTagName("form")) each.hidden = true;
    document.getElementById("lock-ended").hidden = false;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(form);
    field.value = "";
    show({});
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: headers() });
      if (answer.status === 204) unlocked();
      else if (answer.status === 422) {
        show({ isWrong: true });
        field.focus();
      } else if (answer.status === 503) throw new Error("away");
      else end();
    } catch {
      show({ isAway: true });
      field.focus();
    }
  });

  // Escape closes a dialog, but not a lock.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => isLocked && dialog.showModal());

  for (const sign of ["keydown", "pointerdown"]) {
    document.addEventListener(
      sign,
      () => {
        if (isLocked || Date.now() - lastSaid < SAY_EVERY) return;
        lastSaid = Date.now();
        ask("POST");
      },
      { capture: true, passive: true },
    );
  }
  document.addEventListener("visibilitychange", () => document.hidden || ask("GET"));
  window.addEventListener("pageshow", (event) => event.persisted && ask("GET"));

  for (const button of document.querySelectorAll("[data-lock-now]")) {
    button.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      lock();
      await fetch(button.form.action, { method: "POST", body: new FormData(button.form), headers: headers() });
    });
  }

  // Whoever asks without htmx says by this that it was told of a lock.
  document.body.addEventListener("screen-locked", lock);
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (isByItself(event.detail)) event.detail.headers["X-Background"] = "yes";
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 423) return;
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    if (!isByItself(event.detail.requestConfig)) interrupted = event.detail.requestConfig;
    lock();
  });
  plan(Number(dialog.dataset.left));
}

// Asked for by the page, not by a person.
function isByItself({ elt, triggeringEvent }) {
  return Boolean(elt.getAttribute("hx-trigger")?.includes("every ")) && !triggeringEvent?.isTrusted;
}

function headers() {
  return { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
}
