#!/usr/bin/env node
import "../../../../scripts/typescript.js";

await import("./main.ts");
