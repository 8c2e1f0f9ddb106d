// Light Table: an OAuth client of one script. Code grant with PKCE (RFC 7636); tokens in memory only.

const page = document.getElementById("light-table");
const { issuer, clientId, redirectUri, api } = page.dataset;
const SCOPE = "openid photos:read";
const PENDING = "light-table.pending";
const SHORTENED = new Set([
  "access_token", "refresh_token", "id_token", "token", "code", "code_verifier",
]);

// The only place where tokens are; a reload empties it.
let tokens = null;
let provider = null;

const find = (name) => page.querySelector(`[data-${name}]`);
const word = (name) =>
  find("words").content.querySelector(`[data-word="${name}"]`).textContent;

const random = () => encode(crypto.getRandomValues(new Uint8Array(32)));

function encode(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function shown(name, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return SHORTENED.has(name) ? `${text.slice(0, 6)}… (${text.length} characters)` : text.slice(0, 400);
}

function record(title, line, status, pairs) {
  const row = find("exchange").content.cloneNode(true);
  row.querySelector("[data-title]").textContent = title;
  row.querySelector("[data-line]").textContent = line;
  const badge = row.querySelector("[data-status]");
  badge.textContent = status;
  badge.classList.add(/^[23]/.test(status) ? "idp-badge--good" : "idp-badge--danger");
  const list = row.querySelector("[data-pairs]");
  for (const [name, value] of pairs) {
    const pair = document.createElement("div");
    const term = document.createElement("dt");
    const description = document.createElement("dd");
    term.textContent = name;
    description.textContent = shown(name, value);
    pair.append(term, description);
    list.append(pair);
  }
  find("trace").append(row);
  find("wire").hidden = false;
}

async function call(title, url, { form, bearer, quiet } = {}) {
  const options = { cache: "no-store", credentials: "omit", headers: {} };
  if (form) Object.assign(options, { method: "POST", body: new URLSearchParams(form) });
  if (bearer) options.headers.Authorization = `Bearer ${bearer}`;
  const answer = await fetch(url, options);
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  const body = isJson ? await answer.json() : await answer.blob();
  if (!quiet) {
    const received = isJson ? Object.entries(body) : [];
    const line = `${options.method ?? "GET"} ${new URL(url).pathname}`;
    record(title, line, String(answer.status), [...Object.entries(form ?? {}), ...received]);
  }
  return { ok: answer.ok, status: answer.status, body };
}

function say(text, { code = "", description = "" } = {}, kind = "danger") {
  const notice = find("notice");
  notice.className = `idp-notice idp-notice--${kind}`;
  find("notice-text").textContent = text;
  find("notice-detail").textContent = [code, description].filter(Boolean).join(": ");
  notice.hidden = false;
}

function show() {
  find("connect").hidden = tokens !== null;
  find("call").hidden = tokens === null;
  find("refresh").hidden = !tokens?.refresh_token;
  find("disconnect").hidden = tokens === null;
  find("photos").hidden = tokens === null;
}

async function discover() {
  const { body } = await call(word("discover"), `${issuer}/.well-known/openid-configuration`);
  if (body.issuer !== issuer) throw new Error("issuer_mismatch");
  provider = body;
}

async function connect() {
  await discover();
  const pending = { state: random(), nonce: random(), verifier: random() };
  // State and verifier outlive the redirect; they are worth nothing without the code.
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  const url = new URL(provider.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: SCOPE,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: encode(digest),
    code_challenge_method: "S256",
  });
  location.assign(url);
}

async function comeBack() {
  const query = new URLSearchParams(location.search);
  if (!query.has("state")) return;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", location.pathname);
  if (!pending) return;
  record(word("authorize"), "GET " + location.pathname, "302", [...query]);
  if (query.get("state") !== pending.state || query.get("iss") !== issuer) {
    say(word("failed"), { code: "state_mismatch" });
  } else if (query.has("error")) {
    const denied = query.get("error") === "access_denied";
    const detail = { code: query.get("error"), description: query.get("error_description") ?? "" };
    say(word(denied ? "denied" : "failed"), detail, denied ? "warn" : "danger");
  } else {
    await exchange(query.get("code"), pending);
  }
}

async function exchange(code, pending) {
  await discover();
  const answer = await call(word("exchange"), provider.token_endpoint, {
    form: {
      grant_type: "authorization_code",
      client_id: clientId,
      redirect_uri: redirectUri,
      code,
      code_verifier: pending.verifier,
    },
  });
  // The ID token came from the token endpoint itself, so its claims may be read without checking
  // the signature (OpenID Connect Core §3.1.3.7, item 6); the nonce still binds it to the request.
  if (!answer.ok || claims(answer.body.id_token).nonce !== pending.nonce) {
    say(word("failed"), { code: answer.body.error, description: answer.body.error_description });
    return;
  }
  tokens = answer.body;
  await photos();
}

function claims(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0))));
}

async function photos() {
  find("notice").hidden = true;
  const bearer = tokens.access_token;
  const answer = await call(word("photos"), `${api}photos/?page_size=6`, { bearer });
  find("photos").replaceChildren();
  if (!answer.ok) {
    say(word("refused"), { code: answer.body.error, description: answer.body.error_description });
    return;
  }
  for (const photo of answer.body.results) await place(photo, bearer);
}

async function place(photo, bearer) {
  const { body } = await call(word("picture"), photo.picture, { bearer, quiet: true });
  const item = document.createElement("li");
  const figure = document.createElement("figure");
  const image = new Image(360, 240);
  const caption = document.createElement("figcaption");
  image.src = await asDataUrl(body);
  image.alt = "";
  caption.textContent = photo.title;
  figure.append(image, caption);
  item.append(figure);
  find("photos").append(item);
}

function asDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = reject;
    reader.readAsDataURL(blob);
  });
}

async function refresh() {
  const answer = await call(word("refresh"), provider.token_endpoint, {
    form: { grant_type: "refresh_token", client_id: clientId, refresh_token: tokens.refresh_token },
  });
  if (answer.ok) {
    tokens = { ...tokens, ...answer.body };
    await photos();
  } else {
    say(word("failed"), { code: answer.body.error, description: answer.body.error_description });
  }
}

async function disconnect() {
  const token = tokens.refresh_token ?? tokens.access_token;
  await call(word("revoke"), provider.revocation_endpoint, { form: { client_id: clientId, token } });
  tokens = null;
  find("photos").replaceChildren();
}

// One thing at a time: a refresh token that is sent twice counts as stolen.
let busy = false;

async function run(step) {
  if (busy) return;
  busy = true;
  try {
    await step();
  } catch (error) {
    say(word("failed"), { code: error.message });
  } finally {
    busy = false;
    show();
  }
}

find("connect").addEventListener("click", () => run(connect));
find("call").addEventListener("click", () => run(photos));
find("refresh").addEventListener("click", () => run(refresh));
find("disconnect").addEventListener("click", () => run(disconnect));
run(comeBack);
