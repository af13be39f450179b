import { openSync } from "node:fs";
import { runProgram } from "../src/program.ts";

/** Prints what becomes of a program that is started when no more files can be opened. */
try {
  for (;;) openSync("/dev/null", "r");
} catch {}
const options = { env: {}, timeoutMs: 5000, signal: new AbortController().signal };
await runProgram("/bin/true", [], options).catch((error: Error) => console.log(error.message));
