// Node 22.18 and later run TypeScript as it is; older ones run it through tsx.
if (!process.features.typescript) {
  // Before tsx hooks itself into every import, what is JavaScript already loads in a third of the time.
  await import("../src/dependencies.js");
  (await import("tsx/esm/api")).register({ tsconfig: false });
}
