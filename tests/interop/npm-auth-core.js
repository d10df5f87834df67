// @auth/core, and the HubSpot provider that it brings. The lines that differ: three URLs among the
// provider's options. It renews nothing by itself: what its guide says to do in the jwt callback
// (https://authjs.dev/guides/refresh-token-rotation) is done here.
import { Auth } from "@auth/core";
import HubSpot from "@auth/core/providers/hubspot";
import { ask, Cookies, given } from "./npm-dialogue.js";

const { url, clientId, clientSecret } = given;
const ORIGIN = "https://app.example.com";
const cookies = new Cookies();
let clock = 0;

async function renew(token) {
  const response = await fetch(`${url}/oauth/v1/token`, {
    method: "POST",
    body: new URLSearchParams({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: "refresh_token",
      refresh_token: token.refreshToken,
    }),
  });
  const tokens = await response.json();
  if (!response.ok) return { ...token, error: tokens.error };
  return { ...token, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}

const config = {
  basePath: "/auth",
  secret: "of-the-tests",
  trustHost: true,
  providers: [
    HubSpot({
      clientId,
      clientSecret,
      authorization: { url: `${url}/oauth/authorize` },
      token: `${url}/oauth/v1/token`,
      userinfo: { url: `${url}/oauth/v1/access-tokens` },
    }),
  ],
  callbacks: {
    async jwt({ token, account }) {
      if (account) {
        const { access_token: accessToken, refresh_token: refreshToken } = account;
        return { ...token, accessToken, refreshToken, until: account.expires_at };
      }
      return Date.now() / 1000 + clock < token.until ? token : renew(token);
    },
    session({ session, token }) {
      const { accessToken, error } = token;
      return { ...session, accessToken, error };
    },
  },
};

async function visit(path, form) {
  const request = new Request(new URL(path, ORIGIN), {
    method: form ? "POST" : "GET",
    headers: { cookie: cookies.header, ...(form ? { "x-auth-return-redirect": "1" } : {}) },
    body: form && new URLSearchParams(form),
  });
  return cookies.keep(await Auth(request, config));
}

async function session() {
  return (await visit("/auth/session")).json();
}

const { csrfToken } = await (await visit("/auth/csrf")).json();
const signIn = await visit("/auth/signin/hubspot", { csrfToken, callbackUrl: `${ORIGIN}/in` });
const callback = await ask({ authorizeUrl: (await signIn.json()).url });

const back = await visit(callback);
const first = await session();
clock = 1900;
const again = await session();
await ask({ at: back.headers.get("location"), user: first.user.email });
const dead = await session();
await ask({
  isFirst: Boolean(first.accessToken),
  isNew: first.accessToken !== again.accessToken,
  error: dead.error,
});
process.exit();
