import "../../../scripts/typescript.js";

await import("./variant-worker.ts");
