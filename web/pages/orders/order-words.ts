const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** The order that a pasted text is about: an id, alone or in an address or a sentence. */
export function orderIdIn(text: string): string | undefined {
  return UUID.exec(text)?.[0].toLowerCase();
}

/** `2 × Margherita, 1 × Diavola`. */
export function itemsInWords(items: readonly { readonly name: string; readonly quantity: number }[]): string {
  return items.map(({ name, quantity }) => `${quantity} × ${name}`).join(', ');
}
