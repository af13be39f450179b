import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    // The default leaves one core alone; many tests wait for processes and deadlines, and use none.
    maxWorkers: "100%",
    // All of them would empty the one database of that server.
    fileParallelism: process.env.LIBSQL_TEST_URL === undefined,
  },
});
