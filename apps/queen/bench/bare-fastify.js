import "../../../scripts/typescript.js";

await import("./bare-fastify.ts");
