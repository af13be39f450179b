#!/usr/bin/env node
// Node 22.18 and later run TypeScript as it is; older ones run it through tsx.
if (!process.features.typescript) (await import("tsx/esm/api")).register({ tsconfig: false });
await import("./main.ts");
