import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Fence {
  /** What follows the opening backticks; empty for a plain block. */
  readonly language: string;
  readonly text: string;
  /** The paragraph before it. */
  readonly prose: string;
  /** The heading that it is under. */
  readonly section: string;
}

export interface Page {
  /** Path from the project's root. */
  readonly file: string;
  readonly text: string;
  readonly fences: readonly Fence[];
}

/** The pages that tell a reader what to do. */
export function pages(): Page[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...docs.filter((file) => file.endsWith('.md')).map((file) => join('docs', file)),
  ]
    .sort()
    .map((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      return { file, text, fences: fencesOf(text) };
    });
}

function fencesOf(text: string): Fence[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(({ index, 1: language = '', 2: inner = '' }) => {
    const before = text.slice(0, index).trimEnd();
    const prose = before.slice(before.lastIndexOf('\n\n') + 1).trim();
    const section = [...before.matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '';
    return { language, text: inner, prose, section };
  });
}

/** Targets of the page's links to files of the project, from its root, each with its anchor. */
export function linksOf({ file, text }: Page): { readonly target: string; readonly anchor: string | undefined }[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor] = link.split('#', 2);
      return { target: path === '' ? file : join(dirname(file), path), anchor };
    });
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}
