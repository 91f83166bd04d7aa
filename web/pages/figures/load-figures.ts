import { api, ask, type Schemas } from '../../api/client.ts';
import { serverNow } from '../../app/clock.ts';
import { type Days, type Times, timesBefore, timesOf } from './periods.ts';

export type OrderFigures = Schemas['OrderAnalytics'];

export interface Figures {
  readonly days: Days;
  /** Whose midnights they begin and end at. */
  readonly zone: string;
  readonly times: Times;
  readonly now: OrderFigures;
  /** Of the period before; undefined when nobody wants to compare. */
  readonly before: OrderFigures | undefined;
  /** When they were asked for, in milliseconds since 1970. */
  readonly asOf: number;
}

export async function loadFigures(days: Days, zone: string, compares: boolean, signal: AbortSignal): Promise<Figures> {
  const asOf = serverNow();
  const times = timesOf(days, zone);
  const [now, before] = await Promise.all([
    read(times, signal),
    compares ? read(timesBefore(days, zone, asOf), signal) : undefined,
  ]);
  return { days, zone, times, now, before, asOf };
}

function read({ from, to }: Times, signal: AbortSignal): Promise<OrderFigures> {
  const query = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return ask(api.GET('/analytics/orders', { params: { query }, signal }));
}
