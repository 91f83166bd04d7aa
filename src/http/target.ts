/** What a request asks for; in origin or absolute form (RFC 9112 §3.2). */
interface Target {
  readonly url: string;
}

/** The path, spelled as the client spelled it. */
export function pathOf({ url }: Target): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '';
}

/** The path as the router understands it: `/%73tream` is `/stream`. */
export function routedPathOf(target: Target): string {
  const path = pathOf(target);
  try {
    return path.includes('%') ? decodeURI(path) : path;
  } catch {
    return path; // no route takes it
  }
}
