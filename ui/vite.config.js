import { defineConfig } from 'vite';

// The gateway serves the files below /explorer/ and the page itself at GET /graphql.
export default defineConfig({
  base: '/explorer/',
  build: {
    outDir: '../gateway/web/static',
    emptyOutDir: true,
    sourcemap: false,
    chunkSizeWarningLimit: 8000,
    // One style sheet and no data: URLs keep the content security policy short.
    assetsInlineLimit: 0,
    rolldownOptions: {
      // "use client" marks components for server rendering, which a bundle for browsers has no use for.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
});
