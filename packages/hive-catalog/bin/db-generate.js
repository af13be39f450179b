#!/usr/bin/env node
import "./typescript.js";

await import("../scripts/db-generate.ts");
