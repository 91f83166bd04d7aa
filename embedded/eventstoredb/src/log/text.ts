/** SQLite ends a text at NUL, so that one is stored as U+0001 U+0002, and U+0001 as U+0001 U+0001. */
export function toText(name: string): string {
  if (!name.includes('\0') && !name.includes('\x01')) return name;
  return name.replaceAll('\x01', '\x01\x01').replaceAll('\0', '\x01\x02');
}

export function fromText(text: string): string {
  if (!text.includes('\x01')) return text;
  const unescapedNul = (part: string): string => part.replaceAll('\x01\x02', '\0');
  return text.split('\x01\x01').map(unescapedNul).join('\x01');
}
