// The official MCP client against a running site. It knows one address, and finds out the rest:
// who guards it, how to register there, and how to ask its user.
import { createInterface } from "node:readline/promises";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => (await lines.next()).value;
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const order = JSON.parse(await read());
const kept = {};
const provider = {
  redirectUrl: order.redirect_uri,
  clientMetadata: {
    client_name: "Photo Assistant",
    redirect_uris: [order.redirect_uri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (url) => say({ url: url.href }),
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
};

const open = () =>
  new StreamableHTTPClientTransport(new URL(order.server), { authProvider: provider });
const assistant = () => new Client({ name: "assistant", version: "1.0.0" });

const first = open();
try {
  await assistant().connect(first);
  throw new Error("the server asked for no token");
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
const returned = new URL(await read());
await first.finishAuth(returned.searchParams.get("code"));

const client = assistant();
await client.connect(open());
const { tools } = await client.listTools();
const called = await client.callTool({ name: "list_photos", arguments: { limit: 10 } });
say({
  client: kept.client,
  scope: kept.tokens.scope,
  access_token: kept.tokens.access_token,
  tools: tools.map((tool) => tool.name),
  text: called.content[0].text,
});
await client.close();
