import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/client.ts';
import { Button } from './button.tsx';

interface NoticeProps {
  /** `empty`: there is nothing to show; `offline`: the service is not reached; `warning`: shown beside what there is. */
  readonly kind: 'loading' | 'empty' | 'failed' | 'offline' | 'warning' | 'success';
  readonly title?: string;
  readonly action?: { readonly label: string; readonly href?: string; readonly onPress?: () => void | Promise<void> };
  readonly children: ComponentChildren;
}

/** What is said where something is not there, or not yet. */
export function Notice({ kind, title, action, children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} role={kind === 'failed' || kind === 'offline' ? 'alert' : 'status'}>
      {title !== undefined && <p class="notice-title">{title}</p>}
      <p>{children}</p>
      {action &&
        (action.href === undefined ? (
          <Button {...(action.onPress && { onPress: action.onPress })}>{action.label}</Button>
        ) : (
          <a class="button main" href={action.href}>
            {action.label}
          </a>
        ))}
    </div>
  );
}

/** A refusal, or that there was no answer, with a way to ask again. */
export function ProblemNotice({ problem, onRetry }: { readonly problem: Problem; readonly onRetry?: () => void }) {
  const isOffline = problem.status === 0;
  return (
    <Notice
      kind={isOffline ? 'offline' : 'failed'}
      title={problem.title}
      {...(onRetry && { action: { label: 'Try again', onPress: onRetry } })}
    >
      {problem.message}
      {problem.errors.map(({ pointer, detail }) => (
        <span key={pointer} class="problem-field">
          {pointer.replace(/^#?\//, '').replaceAll('/', ' › ')}: {detail}
        </span>
      ))}
    </Notice>
  );
}
