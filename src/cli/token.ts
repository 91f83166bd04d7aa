import * as oidc from 'openid-client';
import { DEVELOPMENT } from '../access/settings.ts';
import { findIssuer } from '../servers.ts';
import { configOf, EXIT, messageOf, parseArguments, runProgram, UsageError } from './program.ts';

const HELP = `Prints an access token of the embedded issuer of the service that runs here with AUTH=dev.

  npm run --silent token -- PERSON

  PERSON   giulia (customer), anna (kitchen), luca (driver), mario (manager) or ada (admin)

Exit codes
  ${EXIT.done}  done
  ${EXIT.failed}  failed: no such service runs here, or there is no such person
  ${EXIT.usage}  the command line is wrong
`;
/** The issuer redirects to it; nobody needs to listen there, since the code in it is taken from the redirection. */
const CALLBACK = 'http://127.0.0.1/auth/callback';
const MOST_REDIRECTS = 10;

await runProgram<string>({
  help: HELP,
  parse(args) {
    const options = { help: { type: 'boolean', short: 'h', default: false } } as const;
    const { values, positionals } = parseArguments(args, options, true);
    if (values.help) return undefined;
    const [person] = positionals;
    if (person === undefined || positionals.length > 1) throw new UsageError('Name one person.');
    return person;
  },
  async run(person) {
    const issuer = findIssuer(configOf().dataDir);
    if (issuer === undefined) throw new Error('no service with AUTH=dev runs with this DATA_DIR');
    process.stdout.write(`${await tokenOf(person, issuer)}\n`);
    return EXIT.done;
  },
  explain: (error) => `There is no token: ${messageOf(error)}`,
});

/** Logs in as a browser does: authorization code flow with PKCE. */
async function tokenOf(person: string, issuer: string): Promise<string> {
  const configuration = await discover(issuer);
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const begin = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  const tokens = await oidc.authorizationCodeGrant(configuration, await choose(person, begin), {
    pkceCodeVerifier: verifier,
    expectedState: state,
  });
  return tokens.access_token;
}

async function discover(issuer: string): Promise<oidc.Configuration> {
  try {
    return await oidc.discovery(new URL(issuer), DEVELOPMENT.clientId, undefined, oidc.None(), {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- an issuer on this machine has no certificate
      execute: [oidc.allowInsecureRequests],
    });
  } catch (error) {
    throw new Error(`nothing answers at ${issuer}, where a service that ran here had its issuer`, { cause: error });
  }
}

/** Follows the issuer's redirections with its cookies, and chooses the person on its page. */
async function choose(person: string, begin: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = begin;
  let choice: URLSearchParams | undefined;
  for (let turn = 0; turn < MOST_REDIRECTS; turn += 1) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(choice && { method: 'POST', body: choice }),
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) {
      if (choice || answer.status !== 200) throw new Error(`the issuer knows nobody called ${person}`);
      choice = new URLSearchParams({ person });
      continue;
    }
    choice = undefined;
    url = new URL(location, url);
    if (url.href.startsWith(CALLBACK)) return url;
  }
  throw new Error('the issuer redirects without an end');
}
