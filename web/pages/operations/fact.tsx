import type { ComponentChildren } from 'preact';

interface FactProps {
  readonly label: string;
  /** What is normal, in words. */
  readonly normal: string;
  readonly isNormal: boolean;
  readonly children: ComponentChildren;
}

/** A figure with what is normal for it; in a `dl`. */
export function Fact({ label, normal, isNormal, children }: FactProps) {
  return (
    <div class={isNormal ? 'fact' : 'fact odd'}>
      <dt>{label}</dt>
      <dd>
        <span class="fact-value">
          {!isNormal && <span aria-hidden="true">⚠ </span>}
          {children}
        </span>
        <small>{isNormal ? `normal: ${normal}` : `not normal; that is ${normal}`}</small>
      </dd>
    </div>
  );
}
