import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { defineConfig } from 'vite';

const outDir = join(import.meta.dirname, '../dist/web');

/** The pages, as one bundle whose paths are relative, so that they work behind any path prefix. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir,
    // What a running service still serves stays until the next whole build.
    emptyOutDir: !process.argv.includes('--watch'),
    target: 'es2022',
    // Both would need exceptions in the content security policy.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  plugins: [{ name: 'brotli', closeBundle: compressAssets }],
});

/** Writes `x.br` beside each asset, for browsers that take it. */
function compressAssets(): void {
  const assets = join(outDir, 'assets');
  for (const file of readdirSync(assets)) {
    if (/\.(?:js|css|svg)$/.test(file)) {
      writeFileSync(join(assets, `${file}.br`), brotliCompressSync(readFileSync(join(assets, file))));
    }
  }
}
