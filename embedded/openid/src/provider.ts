import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration, interactionPolicy } from 'oidc-provider';
import { PEOPLE } from './people.ts';

/** The service's, whose tests hold both to each other. */
const AUDIENCE = 'urn:marios-pizzeria:orders';
const CLIENT_ID = 'pizzeria';

const ALGORITHM = 'ES256';
const TOKEN_SECONDS = 3600;
const LOGIN_SECONDS = 600;

/** The issuer, on `oidc-provider`: authorization code flow with PKCE, access tokens as JWTs (RFC 9068). */
export async function createProvider(issuer: string): Promise<Provider> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), alg: ALGORITHM, use: 'sig' };
  const provider: Provider = new Provider(issuer, {
    // An application of this machine: its address may have any port (RFC 8252 §7.3).
    clients: [
      {
        client_id: CLIENT_ID,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['127.0.0.1', 'localhost', '[::1]'].map((host) => `http://${host}/auth/callback`),
        grant_types: ['authorization_code'],
        response_types: ['code'],
        id_token_signed_response_alg: ALGORITHM,
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    pkce: { required: () => true },
    scopes: ['openid'],
    ttl: {
      AccessToken: TOKEN_SECONDS,
      AuthorizationCode: 60,
      Grant: TOKEN_SECONDS,
      IdToken: TOKEN_SECONDS,
      Interaction: LOGIN_SECONDS,
      Session: LOGIN_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: TOKEN_SECONDS,
          jwt: { sign: { alg: ALGORITHM } },
        }),
      },
    },
    interactions: {
      policy: choosing(),
      url: (_, { uid }) => `/interaction/${uid}`,
    },
    findAccount: (_, id) =>
      PEOPLE.some((person) => person.id === id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined,
    extraTokenClaims: (_, token) => {
      const id = 'accountId' in token ? token.accountId : undefined;
      return { roles: PEOPLE.filter((person) => person.id === id).map(({ role }) => role) };
    },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: CLIENT_ID,
        ...(oidc.session?.accountId !== undefined && { accountId: oidc.session.accountId }),
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  } satisfies Configuration);
  return provider;
}

/** Whoever logs in chooses a person each time, and is not asked for anything else. */
function choosing() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  const { Check } = interactionPolicy;
  const isChosen = new Check('nobody_chosen', 'a person has to be chosen', ({ oidc }) =>
    oidc.result?.login ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
  );
  policy.get('login')?.checks.add(isChosen);
  return policy;
}
