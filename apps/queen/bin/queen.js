#!/usr/bin/env node
if (!process.features.typescript) {
  // Before the TypeScript loader hooks itself into every import, what is JavaScript already loads in a third of the time.
  await Promise.all([
    import("@repo/hive-catalog/dependencies"),
    import("fastify"),
    import("pino"),
    import("commander"),
  ]);
}
await import("../../../scripts/typescript.js");
await import("../src/main.ts");
