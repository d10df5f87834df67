// simple-oauth2. The line that differs: auth.tokenHost (and authorizeHost, which is another host at
// HubSpot). Credentials go into the body, as HubSpot documents it.
import { AuthorizationCode } from "simple-oauth2";

const { url, clientId, clientSecret, redirectUri, code } = JSON.parse(process.argv[2]);
const client = new AuthorizationCode({
  client: { id: clientId, secret: clientSecret },
  auth: {
    tokenHost: url,
    tokenPath: "/oauth/2026-03/token",
    revokePath: "/oauth/2026-03/token/revoke",
    authorizePath: "/oauth/authorize",
  },
  options: { authorizationMethod: "body" },
});
const scope = "oauth crm.objects.contacts.read";

async function authorize() {
  return { authorizeUrl: client.authorizeURL({ redirect_uri: redirectUri, scope, state: "s" }) };
}

async function goOn() {
  const first = await client.getToken({ code, redirect_uri: redirectUri });
  const again = await first.refresh();
  const revoked = await again.revoke("refresh_token").catch((error) => ({ error: error.message }));
  const refused = await again.refresh().catch((error) => ({
    status: error.output.statusCode,
    error: error.data.payload.error,
  }));
  return {
    hubId: first.token.hub_id,
    isExpired: first.expired(),
    expiresIn: Math.round((first.token.expires_at - Date.now()) / 60000),
    isNew: first.token.access_token !== again.token.access_token,
    revoked,
    refused,
  };
}

console.log(JSON.stringify(await (code ? goOn() : authorize())));
