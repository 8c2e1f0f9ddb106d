// openid-client against a running provider. Reads one JSON line that says what to do, prints the
// address that the browser has to visit, reads the address where it came back, prints the results.
import { createInterface } from "node:readline/promises";
import * as oauth from "oauth4webapi";
import * as oidc from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => (await lines.next()).value;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const order = JSON.parse(await read());
const secret = order.client_secret;

async function authenticationOf() {
  if (order.private_jwk) {
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", order.private_jwk, curve, false, ["sign"]);
    return oidc.PrivateKeyJwt({ key, kid: order.private_jwk.kid });
  }
  return secret ? oidc.ClientSecretBasic(secret) : oidc.None();
}

const config = await oidc.discovery(
  new URL(order.issuer),
  order.client_id,
  undefined,
  await authenticationOf(),
  { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
);

async function attempt(step) {
  try {
    return await step();
  } catch (error) {
    return { error: error.error ?? error.code ?? error.message, status: error.status };
  }
}

async function api(token) {
  const url = new URL(order.api);
  const answer = await attempt(() => oidc.fetchProtectedResource(config, token, url, "GET"));
  return answer.status;
}

// What an API elsewhere does, which knows the published keys and nothing else of the provider.
async function foreignApi(token) {
  const request = new Request(order.audience, { headers: { authorization: `Bearer ${token}` } });
  const options = { [oauth.allowInsecureRequests]: true };
  return attempt(
    () => oauth.validateJwtAccessToken(config.serverMetadata(), request, order.audience, options),
  );
}

async function codeFlow() {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const build = order.pushed ? oidc.buildAuthorizationUrlWithPAR : oidc.buildAuthorizationUrl;
  const url = await build(config, {
    redirect_uri: order.redirect_uri,
    scope: order.scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  say({ url: url.href });
  const back = new URL(await read());
  const checks = {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  };
  const first = await attempt(() => oidc.authorizationCodeGrant(config, back, checks));
  if (first.error) return { code: first };
  const subject = first.claims().sub;
  const userinfo = await oidc.fetchUserInfo(config, first.access_token, subject);
  const results = { code: { scope: first.scope }, subject, userinfo, api: await api(first.access_token) };
  if (order.audience) results.foreign = await foreignApi(first.access_token);
  const second = await oidc.refreshTokenGrant(config, first.refresh_token);
  results.refreshed = second.access_token !== first.access_token;
  results.introspection = secret || order.private_jwk
    ? await oidc.tokenIntrospection(config, second.access_token)
    : null;
  await oidc.tokenRevocation(config, second.refresh_token ?? first.refresh_token);
  results.api_after_revocation = await api(second.access_token);
  results.logout = oidc.buildEndSessionUrl(config, { id_token_hint: first.id_token }).pathname;
  return results;
}

async function clientCredentials() {
  const token = await attempt(() => oidc.clientCredentialsGrant(config, { scope: order.scope }));
  if (token.error) return { token };
  return { token: { scope: token.scope }, api: await api(token.access_token) };
}

say(await (order.flow === "code" ? codeFlow() : clientCredentials()));
process.exit(0);
