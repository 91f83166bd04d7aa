import { computed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ROOT } from '../api/root.ts';
import { Announcer } from '../ui/announcer.tsx';
import { Notice } from '../ui/notice.tsx';
import { PAGES, type Page } from './pages.ts';
import { Link, match, navigate, path } from './router.tsx';
import { isIn, loadPerson, loginUrl, may, person } from './session.ts';
import { SessionMenu } from './session-menu.tsx';
import type { Settings } from './settings.ts';
import { useTitle } from './use-title.ts';

/** What is around every page: navigation, who is logged in, and what is said when a page cannot be shown. */
export function Shell({ settings }: { readonly settings: Settings }) {
  useEffect(() => void askWhoIsIn(), []);
  const open = PAGES.filter(({ needs }) => may(needs));
  const home = open.find(({ label }) => label !== undefined);

  return (
    <>
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <header class="bar">
        <Link to={home?.path ?? '/'} class="brand">
          <img src={new URL('app/assets/icon.svg', ROOT).href} alt="" width="28" height="28" />
          <span>Mario’s Pizzeria</span>
        </Link>
        <nav aria-label="Pages">
          {open.map(({ label, path: to, mark: Mark }) =>
            label === undefined ? null : (
              <Link key={to} to={to} aria-current={path.value === to ? 'page' : undefined}>
                {label}
                {Mark && <Mark />}
              </Link>
            ),
          )}
        </nav>
        {settings.access === 'login' && <SessionMenu />}
      </header>
      <main id="page" tabIndex={-1}>
        <PageTitle />
        <CurrentPage settings={settings} home={home} />
      </main>
      <Announcer />
    </>
  );
}

/** Stands before the page, which may have a title of its own. */
function PageTitle() {
  useTitle(pageHere.value?.page.title ?? 'Not found');
  return null;
}

const pageHere = computed(() =>
  PAGES.map((page) => ({ page, params: match(page.path, path.value) })).find(({ params }) => params),
);

function CurrentPage({ settings, home }: { readonly settings: Settings; readonly home: Page | undefined }) {
  const isAtHome = path.value === '/';
  useEffect(() => {
    if (isAtHome && home) navigate(home.path, { replace: true });
  }, [isAtHome, home]);
  const found = pageHere.value;

  if (person.value === undefined && settings.access !== 'open')
    return <Notice kind="loading">Looking who you are …</Notice>;
  if (!isIn.value) return <SignedOut access={settings.access} />;
  if (!found?.params) {
    if (isAtHome) return null;
    return (
      <Notice kind="empty" title="Not found">
        There is no page here.
      </Notice>
    );
  }
  const { page, params } = found;
  if (!may(page.needs)) {
    return (
      <Notice kind="failed" title="Not for you">
        Your role does not have this page.
      </Notice>
    );
  }
  const { component: Component } = page;
  // Another order is another page: nothing of the one before stays.
  return (
    <div key={path.value} class={`${page.name}-page`}>
      <Component params={params} />
    </div>
  );
}

function SignedOut({ access }: Pick<Settings, 'access'>) {
  if (access === 'tokens') {
    return (
      <Notice kind="failed" title="No login here">
        This service lets in programs with a token. A login for people is set up with OIDC_CLIENT_ID and SESSION_KEY.
      </Notice>
    );
  }
  return (
    <Notice kind="empty" title="Log in" action={{ label: 'Log in', href: loginUrl() }}>
      You are not logged in, or your session has ended.
    </Notice>
  );
}

async function askWhoIsIn(): Promise<void> {
  for (;;) {
    try {
      await loadPerson();
      return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}
