// oauth4webapi against a running provider: each request by hand, each answer judged by the library.
// Reads one JSON line that says what to do, and then talks with the test line by line.
import { createInterface } from "node:readline/promises";
import * as oauth from "oauth4webapi";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => (await lines.next()).value;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const order = JSON.parse(await read());
const plain = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(order.issuer);
const found = await oauth.discoveryRequest(issuer, { ...plain, algorithm: order.discovery });
const server = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: order.client_id };
const proof = await authenticationOf();

async function authenticationOf() {
  if (order.private_jwk) {
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", order.private_jwk, curve, false, ["sign"]);
    return oauth.PrivateKeyJwt({ key, kid: order.private_jwk.kid });
  }
  if (!order.client_secret) return oauth.None();
  const method = order.method === "client_secret_post" ? "ClientSecretPost" : "ClientSecretBasic";
  return oauth[method](order.client_secret);
}

async function failureOf(step) {
  try {
    return { unexpected: await step() };
  } catch (error) {
    return { kind: error.constructor.name, code: error.code, error: error.error };
  }
}

// The arguments that all functions of the library begin with.
const ask = (request, ...rest) => request(server, client, proof, ...rest, plain);
const judge = (process, ...rest) => process(server, client, ...rest);

async function userinfo(token, subject) {
  const answer = await oauth.userInfoRequest(server, client, token, plain);
  return judge(oauth.processUserInfoResponse, subject, answer);
}

async function introspect(token) {
  const answer = await ask(oauth.introspectionRequest, token);
  return judge(oauth.processIntrospectionResponse, answer);
}

async function revoke(token) {
  await oauth.processRevocationResponse(await ask(oauth.revocationRequest, token));
}

async function pushed(parameters) {
  const answer = await ask(oauth.pushedAuthorizationRequest, parameters);
  const { request_uri } = await judge(oauth.processPushedAuthorizationResponse, answer);
  return { client_id: client.client_id, request_uri };
}

// What a client makes of an answer that names somebody else, or nobody (RFC 9207 §2.4).
async function mixedUp(back, state) {
  const failures = {};
  for (const [name, value] of [["other", "https://other.example.com"], ["nobody", null]]) {
    const url = new URL(back);
    url.searchParams.delete("iss");
    if (value) url.searchParams.set("iss", value);
    failures[name] = await failureOf(() => judge(oauth.validateAuthResponse, url, state));
  }
  return failures;
}

async function codeFlow() {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const parameters = {
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: order.redirect_uri,
    scope: order.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    max_age: "600",
  };
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams(order.pushed ? await pushed(parameters) : parameters);
  say({ url: url.href });
  const back = new URL(await read());
  const results = { mixed_up: await mixedUp(back, state) };
  if (back.searchParams.has("error")) {
    const refusal = await failureOf(() => judge(oauth.validateAuthResponse, back, state));
    return { ...results, refusal };
  }
  const callback = judge(oauth.validateAuthResponse, back, state);
  const redeem = [oauth.authorizationCodeGrantRequest, callback, order.redirect_uri, verifier];
  return { ...results, ...await tokensOf(await ask(...redeem), nonce) };
}

async function tokensOf(answer, nonce) {
  const checks = { expectedNonce: nonce, requireIdToken: true, maxAge: 600 };
  const first = await judge(oauth.processAuthorizationCodeResponse, answer, checks);
  await oauth.validateApplicationLevelSignature(server, answer, plain);
  const claims = oauth.getValidatedIdTokenClaims(first);
  const results = { claims, userinfo: await userinfo(first.access_token, claims.sub) };
  const renewal = await ask(oauth.refreshTokenGrantRequest, first.refresh_token);
  const second = await judge(oauth.processRefreshTokenResponse, renewal);
  await oauth.validateApplicationLevelSignature(server, renewal, plain);
  const renewed = oauth.getValidatedIdTokenClaims(second);
  const again = second.access_token !== first.access_token;
  results.renewed = { sub: renewed.sub, auth_time: renewed.auth_time, again };
  results.introspection = await introspect(second.access_token);
  await revoke(second.refresh_token);
  results.ended = await introspect(second.access_token);
  results.shut_out = await failureOf(() => userinfo(second.access_token, claims.sub));
  return results;
}

async function service() {
  const answer = await ask(oauth.clientCredentialsGrantRequest, { scope: order.scope });
  const token = await judge(oauth.processClientCredentialsResponse, answer);
  const results = { scope: token.scope, introspection: await introspect(token.access_token) };
  await revoke(token.access_token);
  results.ended = await introspect(token.access_token);
  return results;
}

// One question a line, so that the test decides how much time passes between two.
async function device() {
  const answer = await ask(oauth.deviceAuthorizationRequest, { scope: order.scope });
  const codes = await judge(oauth.processDeviceAuthorizationResponse, answer);
  say(codes);
  while ((await read()) === "poll") {
    const polled = await ask(oauth.deviceCodeGrantRequest, codes.device_code);
    const step = () => judge(oauth.processDeviceCodeResponse, polled);
    const failure = await failureOf(step);
    if (!failure.unexpected) {
      say({ error: failure.error });
      continue;
    }
    await oauth.validateApplicationLevelSignature(server, polled, plain);
    const token = failure.unexpected;
    const { sub } = oauth.getValidatedIdTokenClaims(token);
    say({ sub, scope: token.scope, userinfo: await userinfo(token.access_token, sub) });
  }
}

const flows = { code: codeFlow, service, device };
say((await flows[order.flow]()) ?? {});
process.exit(0);
