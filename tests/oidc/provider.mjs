// A certified OpenID Connect provider for the tests: real protocol, PKCE demanded, people and clients given by the test.
// Usage: node provider.mjs CONFIG.json, with { issuer, port, clients, people }; `people` maps a subject to its claims.
// Its sign-in page asks for a subject and how it was authenticated; POST /control/keys changes the signing keys.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// Debian's Node 18 lacks this; the provider's own page says 22, and uses little of it.
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);

const { issuer, port, clients, people } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const custom = ['name', 'preferred_username', 'email', 'email_verified', 'organisation', 'roles', 'oid', 'tid',
  'nhsid_useruid', 'nhsid_nrbac_roles', 'selected_roleid'];
const SCOPES = ['openid', 'profile', 'email', 'organisation', 'nhsperson', 'associatedorgs', 'nationalrbacaccess',
  'selectedrole'];
let keys = 0;

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  keys += 1;
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${keys}`, use: 'sig', alg: 'RS256' };
}

function make() {
  const provider = new Provider(issuer, {
    clients,
    scopes: SCOPES,
    jwks: { keys: [signingKey()] },
    acrValues: ['AAL1', 'AAL2', 'AAL3'],
    claims: { openid: ['sub', 'acr', 'amr', ...custom], auth_time: null, sid: null },
    conformIdTokenClaims: false,
    cookies: { keys: ['for tests only'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    fetch: (url, options) => { options.dispatcher = undefined; return globalThis.fetch(url, options); },
    findAccount: (_ctx, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const known = ctx.oidc.result?.consent?.grantId || session.grantIdFor(client.clientId);
      if (known) return ctx.oidc.provider.Grant.find(known);
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(SCOPES.join(' '));
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    ttl: { Session: 3600, Interaction: 600, AuthorizationCode: 60, AccessToken: 600, IdToken: 600, Grant: 3600 },
  });
  return { provider, answer: provider.callback() };
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return new URLSearchParams(text);
}

function page(response, title, inside) {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>`
    + `<body><h1>${title}</h1><form method="post">${inside}</form></body></html>`);
}

const LOGIN = '<p><label>Subject <input name="subject"></label></p><p><label>acr <input name="acr" value="AAL2"></label></p>'
  + '<p><label>amr <input name="amr" value="pwd mfa"></label></p><p><button>Go on</button></p>';

async function interact(provider, request, response) {
  if (request.method !== 'POST') return page(response, 'Identity provider of the tests', LOGIN);
  const said = await body(request);
  const login = { accountId: said.get('subject'), acr: said.get('acr'), amr: (said.get('amr') || '').split(' ') };
  const result = said.get('subject') ? { login } : { error: 'access_denied', error_description: 'the person went away' };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

let running = make();
const server = createServer(async (request, response) => {
  try {
    if (request.url === '/control/keys') {
      running = make();
      response.writeHead(204).end();
    } else if (request.url.startsWith('/interaction/')) {
      await interact(running.provider, request, response);
    } else {
      running.answer(request, response);
    }
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
  }
});
server.listen(port, '127.0.0.1', () => console.log('ready'));
