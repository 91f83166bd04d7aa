/** Where a trace is shown; undefined when nobody has said. @param template with `{traceId}` in it */
export function traceUrl(template: string | undefined, traceId: string | null | undefined): string | undefined {
  return template && traceId ? template.replaceAll('{traceId}', encodeURIComponent(traceId)) : undefined;
}
