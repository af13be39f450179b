if (!process.features.typescript) (await import("tsx/esm/api")).register();
await import("./main.ts");
