import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ask, Problem, type Schemas } from '../../api/client.ts';
import { navigate } from '../../app/router.tsx';
import { onlyCustomer } from '../../app/session.ts';
import { announce } from '../../ui/announcer.tsx';
import { type Guest, type PlaceOrder, toRequest } from './basket.ts';
import { beginAnew, change, draft } from './draft.ts';
import { placeOnce, withRequest } from './placing.ts';

/** Whose order it is and where it goes; a customer orders for nobody else. */
export function currentGuest(): Guest {
  const { guest } = draft.value;
  return { ...guest, customerId: onlyCustomer('POST /orders') ?? guest.customerId };
}

/**
 * Places the draft, and shows the order that came of it.
 *
 * @param onRefused the service does not take the order; gives whether the basket is another one now
 */
export function usePlacing(onRefused: () => Promise<boolean>) {
  const [isPlacing, setPlacing] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const [earlierId, setEarlierId] = useState<string>();
  const isHere = useRef(true);
  useEffect(() => () => void (isHere.current = false), []);

  async function place(): Promise<void> {
    const { key, lines, sent: before } = draft.value;
    const wanted = toRequest(lines, currentGuest());
    const sent = withRequest(before, wanted);
    change({ sent });
    setPlacing(true);
    setProblem(undefined);
    setEarlierId(undefined);
    try {
      const { order, isEarlier } = await placeOnce(sent, wanted, (request) => post(key, request));
      beginAnew(isEarlier ? draft.value.lines : []);
      if (isEarlier) setEarlierId(order.id);
      else announce('Your order is placed.');
      if (!isEarlier && isHere.current) navigate(`/orders/${order.id}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(await refused(error, before));
    } finally {
      setPlacing(false);
    }
  }

  /** @returns what is still to be said of it */
  async function refused(problem: Problem, before: readonly PlaceOrder[]): Promise<Problem | undefined> {
    const { status } = problem;
    if (status < 400 || status >= 500) return problem; // it may have arrived
    // A 422 came of looking for the key: then none of the attempts had arrived.
    change({ sent: status === 422 ? [] : before });
    return status === 422 && (await onRefused()) ? undefined : problem;
  }

  return { place, isPlacing, problem, earlierId };
}

/** @returns undefined when the key belongs to another request */
async function post(key: string, body: PlaceOrder): Promise<Schemas['PlainOrder'] | undefined> {
  try {
    return await ask(api.POST('/orders', { params: { header: { 'idempotency-key': key } }, body }));
  } catch (error) {
    // Any other 422 says which field it is about.
    if (error instanceof Problem && error.status === 422 && error.errors.length === 0) return undefined;
    throw error;
  }
}
