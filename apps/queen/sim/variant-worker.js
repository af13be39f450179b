if (!process.features.typescript) (await import("tsx/esm/api")).register({ tsconfig: false });
await import("./variant-worker.ts");
