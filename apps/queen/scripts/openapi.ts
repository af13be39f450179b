import { readFile, writeFile } from "node:fs/promises";
import { print, readOptions } from "@repo/settings";
import { Command } from "commander";
import { openApiDocument } from "../src/http/openapi/document.ts";

const FILE = new URL("../openapi.json", import.meta.url);
const CURE = "apps/queen/openapi.json is not what the schemas and routes say: run pnpm openapi and commit it";

const command = new Command("pnpm openapi")
  .description("Writes the description of the queen's API, apps/queen/openapi.json, from schemas and routes.")
  .option("--check", "write nothing, and say whether it is in step")
  .addHelpText(
    "after",
    "\nExit codes: 0 written or in step, 1 not in step, 2 called wrongly.\nExample: pnpm openapi --check",
  );

const options = await readOptions<{ check?: true }>("openapi", command);
if (options !== undefined) await writeOrCheck(options);

async function writeOrCheck({ check }: { check?: true }): Promise<void> {
  const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`;
  if (!check) await writeFile(FILE, text);
  else if ((await readFile(FILE, "utf8").catch(() => "")) === text) {
    await print("openapi", "openapi.json is in step with the schemas and routes\n");
  } else {
    process.stderr.write(`openapi: ${CURE}\n`);
    process.exitCode = 1;
  }
}
