import "../../../scripts/typescript.js";

await import("./main.ts");
