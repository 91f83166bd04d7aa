import type { ComponentChildren } from 'preact';

interface PageHeadingProps {
  readonly title: string;
  /** What stands at the end of its line: controls, a connection line. */
  readonly children?: ComponentChildren;
}

/** The heading of a page. */
export function PageHeading({ title, children }: PageHeadingProps) {
  return (
    <div class="page-heading">
      <h1>{title}</h1>
      {children}
    </div>
  );
}
