import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Problem } from '../api/client.ts';
import { announce } from './announcer.tsx';

interface ButtonProps extends Omit<ButtonHTMLAttributes, 'onClick' | 'class' | 'disabled' | 'type' | 'children'> {
  /** `main`: the one thing to do here; `quiet`: without a frame; `danger`: hard to take back. */
  readonly kind?: 'main' | 'plain' | 'quiet' | 'danger';
  readonly class?: string;
  readonly disabled?: boolean;
  readonly type?: 'button' | 'submit';
  /** What it does; while that lasts, the button is busy and a second press does nothing. */
  readonly onPress?: () => void | Promise<void>;
  /** Takes what `onPress` threw. Default: it is announced. */
  readonly onProblem?: (error: unknown) => void;
  readonly children: ComponentChildren;
}

/** A button that cannot be pressed twice by mistake. It keeps its focus while it is busy. */
export function Button({
  kind = 'plain',
  class: name = '',
  type = 'button',
  onPress,
  onProblem,
  ...rest
}: ButtonProps) {
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);

  async function press(): Promise<void> {
    if (running.current || !onPress) return;
    running.current = true;
    setBusy(true);
    try {
      await onPress();
    } catch (error) {
      if (onProblem) onProblem(error);
      else announce(error instanceof Problem || error instanceof TypeError ? error.message : 'Something went wrong.');
      if (!(error instanceof Problem)) console.warn(error);
    } finally {
      running.current = false;
      setBusy(false);
    }
  }

  return (
    <button
      {...rest}
      type={type}
      class={`button ${kind} ${name}`}
      aria-busy={isBusy}
      {...(onPress && { onClick: () => void press() })}
    />
  );
}
