// What a single-page app does with oidc-client-ts, as its readme shows; what it knows afterwards
// stands in window.known, and one word of it on the page.
const settings = await (await fetch("settings.json")).json();
const manager = new oidc.UserManager(settings);
const here = new URL(location);

function show(word, known = {}) {
  window.known = known;
  document.querySelector("#state").textContent = word;
}

async function photos(user) {
  const headers = { Authorization: `Bearer ${user.access_token}` };
  return (await fetch(settings.api, { headers })).status;
}

async function tell(word, user) {
  const { access_token, refresh_token, profile, scope } = user;
  show(word, { access_token, refresh_token, profile, scope, photos: await photos(user) });
}

function press(id, action) {
  const pressed = () => action().catch((error) => show(`failed: ${error.message}`));
  document.querySelector(`#${id}`).addEventListener("click", pressed);
}

press("sign-in", () => manager.signinRedirect());
press("renew", async () => tell("renewed", await manager.signinSilent()));
press("sign-out", () => manager.signoutRedirect());

if (here.searchParams.has("code") || here.searchParams.has("error")) {
  try {
    await tell("signed in", await manager.signinRedirectCallback());
  } catch (error) {
    show(error.error ?? error.message);
  }
  history.replaceState(null, "", here.pathname);
} else if (here.pathname === "/bye.html") {
  await manager.signoutRedirectCallback();
  show((await manager.getUser()) ? "still here" : "signed out");
} else {
  show("ready");
}
