// Not written as one expression, which the bundler would take for an asset.
const here = import.meta.url;

/** Where the service is: two folders above `app/assets/`, whatever prefix a gateway puts before it. */
export const ROOT = new URL('../..', here);
