// oauth4webapi, the strictest of all. The lines that differ: the endpoints' host, and
// allowInsecureRequests, which it asks for where a server on this machine has no https.
import * as oauth from "oauth4webapi";
import { ask, given } from "./npm-dialogue.js";

const { url, clientId, clientSecret, redirectUri } = given;
const server = {
  issuer: url,
  authorization_endpoint: `${url}/oauth/authorize`,
  token_endpoint: `${url}/oauth/2026-09/token`,
  revocation_endpoint: `${url}/oauth/2026-09/token/revoke`,
  introspection_endpoint: `${url}/oauth/2026-09/token/introspect`,
};
const client = { client_id: clientId };
const secret = oauth.ClientSecretPost(clientSecret);
const local = { [oauth.allowInsecureRequests]: true };

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const authorizeUrl = new URL(server.authorization_endpoint);
authorizeUrl.search = new URLSearchParams({
  client_id: clientId,
  redirect_uri: redirectUri,
  response_type: "code",
  scope: "oauth crm.objects.contacts.read",
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
const callback = await ask({ authorizeUrl });

const returned = oauth.validateAuthResponse(server, client, new URL(callback), state);
const first = await oauth.processAuthorizationCodeResponse(
  server, client,
  await oauth.authorizationCodeGrantRequest(
    server, client, secret, returned, redirectUri, verifier, local,
  ),
);

async function refresh() {
  return oauth.processRefreshTokenResponse(
    server, client,
    await oauth.refreshTokenGrantRequest(server, client, secret, first.refresh_token, local),
  );
}

async function introspect(token) {
  return oauth.processIntrospectionResponse(
    server, client, await oauth.introspectionRequest(server, client, secret, token, local),
  );
}

const again = await refresh();
const before = await introspect(again.access_token);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, secret, first.refresh_token, local),
);
const after = await introspect(first.refresh_token);
const refused = await refresh().catch((error) => ({ status: error.status, error: error.error }));
await ask({
  hubId: first.hub_id,
  type: first.token_type,
  isNew: first.access_token !== again.access_token,
  active: [before.active, after.active],
  refused,
});
process.exit();
