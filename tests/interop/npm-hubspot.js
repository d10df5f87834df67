// @hubspot/api-client, HubSpot's own for Node. The line that differs: basePath, and the host of the
// URL that its helper makes.
import { Client } from "@hubspot/api-client";

const { url, clientId, clientSecret, redirectUri, code } = JSON.parse(process.argv[2]);
const client = new Client({ basePath: url });
const { oauth, crm } = client;

async function tokens(grantType, given) {
  return oauth.tokensApi.create(
    grantType, given.code, given.redirectUri, clientId, clientSecret, given.refreshToken,
  );
}

async function authorize() {
  const made = oauth.getAuthorizationUrl(clientId, redirectUri, "oauth crm.objects.contacts.read");
  return { authorizeUrl: made.replace("https://app.hubspot.com", url) };
}

async function goOn() {
  const first = await tokens("authorization_code", { code, redirectUri });
  const again = await tokens("refresh_token", { refreshToken: first.refreshToken });
  const who = await oauth.accessTokensApi.get(again.accessToken);
  client.setAccessToken(again.accessToken);
  const contacts = await client.crm.contacts.basicApi.getPage(2);
  await oauth.refreshTokensApi.archive(again.refreshToken);
  const refused = await tokens("refresh_token", { refreshToken: again.refreshToken }).catch(
    (error) => ({ code: error.code, status: error.body.status }),
  );
  return {
    expiresIn: first.expiresIn,
    isSame: first.refreshToken === again.refreshToken,
    isNew: first.accessToken !== again.accessToken,
    hubId: who.hubId,
    user: who.user,
    contacts: contacts.results.length,
    refused,
  };
}

console.log(JSON.stringify(await (code ? goOn() : authorize())));
