import { defineConfig } from 'vitest/config';

// One VS Code at a time, and the tests of a file in their order: each goes on where the one before left the window.
export default defineConfig({
  test: {
    include: ['test/e2e/*.test.ts'],
    exclude: ['**/node_modules/**'],
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 120_000,
    pool: 'forks',
    bail: 0,
  },
});
