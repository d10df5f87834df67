// better-auth, with its helper for HubSpot. The lines that differ: the two URLs in what the helper
// makes, and its getUserInfo, which has HubSpot's host in it.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { genericOAuth, hubspot } from "better-auth/plugins/generic-oauth";
import { ask, Cookies, given } from "./npm-dialogue.js";

const { url, clientId, clientSecret } = given;
const ORIGIN = "https://app.example.com";
const store = { user: [], session: [], account: [], verification: [] };
const cookies = new Cookies();

async function getUserInfo(tokens) {
  const response = await fetch(`${url}/oauth/v1/access-tokens/${tokens.accessToken}`);
  const profile = await response.json();
  return { id: profile.user_id, name: profile.user, email: profile.user, emailVerified: false };
}

const auth = betterAuth({
  baseURL: ORIGIN,
  secret: "thirty-two-characters-of-the-tests",
  database: memoryAdapter(store),
  plugins: [
    genericOAuth({
      config: [
        {
          ...hubspot({ clientId, clientSecret, scopes: ["oauth", "crm.objects.contacts.read"] }),
          authorizationUrl: `${url}/oauth/authorize`,
          tokenUrl: `${url}/oauth/v1/token`,
          getUserInfo,
        },
      ],
    }),
  ],
});

async function visit(path, body) {
  const request = new Request(new URL(path, ORIGIN), {
    method: body ? "POST" : "GET",
    headers: { cookie: cookies.header, origin: ORIGIN, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return cookies.keep(await auth.handler(request));
}

async function post(path, body) {
  return (await visit(`/api/auth${path}`, body)).json();
}

const signIn = await post("/sign-in/social", { provider: "hubspot", callbackURL: "/in" });
const callback = await ask({ authorizeUrl: signIn.url });

const back = await visit(callback);
const session = await (await visit("/api/auth/get-session")).json();
const [account] = store.account;
const first = await post("/get-access-token", { accountId: account.id });
account.accessTokenExpiresAt = new Date(0);
const again = await post("/get-access-token", { accountId: account.id });
await ask({ at: back.headers.get("location"), user: session.user.email });
const dead = await post("/refresh-token", { accountId: account.id });
await ask({
  isFirst: Boolean(first.accessToken),
  isNew: first.accessToken !== again.accessToken,
  scope: account.scope,
  error: dead.code,
});
process.exit();
