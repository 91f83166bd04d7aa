import { noteServerTime } from './clock.ts';

/** A role, as tokens name them. */
export type Role = 'customer' | 'kitchen' | 'driver' | 'manager' | 'admin' | 'service';

/** What a role may do with a route; `{}` is everything. */
export interface Grant {
  readonly own?: true;
  readonly to?: readonly string[];
  readonly while?: readonly string[];
}

export type Rule = 'anyone' | 'authenticated' | Readonly<Partial<Record<Role, Grant>>>;

/** What `GET /app/config.json` answers. */
export interface Settings {
  readonly version: string;
  /** `open`: nobody is asked who it is; `login`: people log in; `tokens`: there is no login for pages. */
  readonly access: 'open' | 'login' | 'tokens';
  /** Who may use which route, such as `POST /orders/:orderId/confirm`. */
  readonly rules: Readonly<Record<string, Rule>>;
  readonly currency: string;
  /** IANA name of the pizzeria's time zone. */
  readonly timeZone: string;
  /** When an order is slow, and late: minutes after it was confirmed. */
  readonly warnMinutes: number;
  readonly lateMinutes: number;
  /** Where a trace is shown, with `{traceId}` in it. */
  readonly traceUrlTemplate?: string;
}

let loaded: Settings | undefined;

/** Asks for them until there is an answer. */
export async function loadSettings(url: URL, onFailure: (why: string) => void): Promise<Settings> {
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 10_000)) {
    try {
      const response = await fetch(url);
      const date = response.headers.get('date');
      if (date !== null) noteServerTime(date);
      if (response.ok) return (loaded = (await response.json()) as Settings);
      onFailure(String(response.status));
    } catch {
      onFailure('it cannot be reached');
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Those that were loaded before the first page was shown. */
export function settings(): Settings {
  if (!loaded) throw new Error('the settings are not loaded');
  return loaded;
}
