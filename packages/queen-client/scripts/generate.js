// What `pnpm client:generate` and `pnpm client:check` run. Not bundled: the compiler inside of openapi-typescript bears that badly.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { print, readFlags } from "../../../scripts/flags.js";

const DOCUMENT = new URL("../../../apps/queen/openapi.json", import.meta.url);
const TYPES = fileURLToPath(new URL("../src/openapi.ts", import.meta.url));
const CURE =
  "packages/queen-client/src/openapi.ts is not what openapi.json says: run pnpm client:generate and commit it";
const HEAD = "// Made from apps/queen/openapi.json by pnpm client:generate: change the routes of the queen instead.\n";

const HELP = `Usage: pnpm client:generate [options]

Writes the types of @repo/queen-client, packages/queen-client/src/openapi.ts, from apps/queen/openapi.json.

Options:
  --check     write nothing, and say whether they are in step
  -h, --help  show this help

Exit codes: 0 written or in step, 1 not in step, 2 called wrongly.
Example: pnpm client:generate --check
`;

async function generate({ check }) {
  // Only now: it takes a second to load.
  const { default: openapiTS, astToString } = await import("openapi-typescript");
  // What the document has none of is of no use. A sender may leave out what has a default.
  const types = astToString(await openapiTS(DOCUMENT, { defaultNonNullable: false })).replace(
    /^export type \S+ = Record<string, never>;\n/gm,
    "",
  );
  const text = HEAD + types;
  if (!check) writeFileSync(TYPES, text);
  else if (readFileSync(TYPES, "utf8") === text) {
    print("client:generate", "the client's types are in step with openapi.json\n");
  } else {
    process.stderr.write(`client:generate: ${CURE}\n`);
    process.exitCode = 1;
  }
}

const flags = readFlags("client:generate", HELP, { check: { type: "boolean" } });
if (flags !== undefined) await generate(flags);
