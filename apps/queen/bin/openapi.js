#!/usr/bin/env node
import "../../../scripts/typescript.js";

await import("../scripts/openapi.ts");
