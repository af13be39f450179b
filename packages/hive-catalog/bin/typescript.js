if (!process.features.typescript) {
  // Before tsx hooks itself into every import, what is JavaScript already loads in a third of the time.
  await import("../src/dependencies.js");
}
await import("../../../scripts/typescript.js");
