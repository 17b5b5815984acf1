// Passkeys: forms with [data-passkey] fill their field "credential" by asking the browser, and then send themselves.
// webauthnJSON translates between what the server writes and what the browser wants.

const REFUSED = "That did not work, or you stopped it. Try again.";

const asking = {
  "sign-in": async (form) => {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    return window.webauthnJSON.get((await answer.json()).request_options);
  },
  get: () => window.webauthnJSON.get(options()),
  create: (form) => {
    const wanted = options();
    const alone = form.querySelector("[data-passkey-alone]").checked;
    wanted.publicKey.authenticatorSelection = {
      ...wanted.publicKey.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone && { userVerification: "required" }),
    };
    return window.webauthnJSON.create(wanted);
  },
};

function options() {
  return JSON.parse(document.getElementById("passkey-options").textContent);
}

if (window.webauthnJSON?.supported()) {
  for (const note of document.querySelectorAll("[data-passkey-missing]")) note.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = form.querySelector("[data-passkey-said]");
      said.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await asking[form.dataset.passkey](form));
        form.submit();
      } catch {
        said.textContent = REFUSED;
        said.hidden = false;
      }
    });
  }
}
