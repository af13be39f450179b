import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** What programs print is compared, and some machines say how it is to look: in colour, or cut where a terminal would end. */
for (const name of ["FORCE_COLOR", "COLUMNS"]) delete process.env[name];

/**
 * The tests of all packages below the pattern `packages`, in two projects: a file that starts processes or breaks disks stands in test/ or
 * scripts/, or is called *.process.test.ts, and is "slow"; every other one is "quick".
 */
export function testsOf(packages: string) {
  const slow = [`${packages}{test,scripts}/**/*.test.ts`, `${packages}src/**/*.process.test.ts`];
  return defineConfig({
    // Packages of this repository are loaded from their TypeScript.
    ssr: { resolve: { conditions: ["source"] } },
    test: {
      // Many wait, a third of their time, for processes and deadlines: with twice as many as cores all took 367 s, with half as many more 398.
      // But each test that LIBSQL_TEST_URL is for empties the one database there.
      maxWorkers: process.env.LIBSQL_TEST_URL === undefined ? 2 * availableParallelism() : 1,
      // The tests of a worker share its process, which loads each module once: half of the work of the quick ones.
      isolate: false,
      projects: [
        {
          extends: true,
          test: { name: "quick", include: [`${packages}src/**/*.test.ts`], exclude: slow, testTimeout: 30_000 },
        },
        { extends: true, test: { name: "slow", include: slow, testTimeout: 60_000, hookTimeout: 60_000 } },
      ],
    },
  });
}
