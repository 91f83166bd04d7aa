import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ask, Problem } from '../../api/client.ts';
import { navigate } from '../../app/router.tsx';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { orderIdIn } from './order-words.ts';

/** Goes to the order whose id is pasted. */
export function FindOrder() {
  const [text, setText] = useState('');
  const [mistake, setMistake] = useState<string>();
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  async function find(): Promise<void> {
    const orderId = orderIdIn(text);
    if (orderId === undefined) {
      say('That is no id of an order: 36 characters, as in its address.');
      return;
    }
    const { signal } = abort.current;
    try {
      await ask(api.GET('/orders/{orderId}', { params: { path: { orderId } }, signal }));
      navigate(`/orders/${orderId}/history`);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404) say('There is no order with this id.');
      // One that is gone, or cannot be read, has a page that says so.
      else if (error.status === 410 || error.status === 500) navigate(`/orders/${orderId}/history`);
      else say(error.message);
    }
  }

  function say(what: string): void {
    setMistake(what);
    announce(what);
  }

  return (
    <form class="find-order" noValidate onSubmit={(event) => event.preventDefault()}>
      <Field label="Order id" error={mistake}>
        <input
          value={text}
          placeholder="Paste it here"
          autocomplete="off"
          spellcheck={false}
          maxLength={500}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            setMistake(undefined);
          }}
        />
      </Field>
      <Button type="submit" onPress={find}>
        Open
      </Button>
    </form>
  );
}
