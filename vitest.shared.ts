import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/**
 * The tests of all packages below the pattern `packages`, in two projects: a file that starts processes or breaks disks stands in test/ or
 * scripts/, or is called *.process.test.ts, and is "slow"; every other one is "quick".
 */
export function testsOf(packages: string) {
  const cores = availableParallelism();
  const slow = [`${packages}{test,scripts}/**/*.test.ts`, `${packages}src/**/*.process.test.ts`];
  return defineConfig({
    // Packages of this repository are loaded from their TypeScript.
    ssr: { resolve: { conditions: ["source"] } },
    test: {
      projects: [
        // In one process for each core, which loads each module once: half of the work.
        {
          extends: true,
          test: {
            name: "quick",
            include: [`${packages}src/**/*.test.ts`],
            exclude: slow,
            isolate: false,
            maxWorkers: cores,
            sequence: { groupOrder: 0 },
            testTimeout: 30_000,
          },
        },
        // Many of them wait for processes and deadlines, and use no core. But each of them that LIBSQL_TEST_URL is for empties the one
        // database there.
        {
          extends: true,
          test: {
            name: "slow",
            include: slow,
            maxWorkers: process.env.LIBSQL_TEST_URL === undefined ? 2 * cores : 1,
            sequence: { groupOrder: 1 },
            testTimeout: 60_000,
          },
        },
      ],
    },
  });
}
