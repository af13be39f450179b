import { readFile, writeFile } from "node:fs/promises";
import { openApiDocument } from "../src/openapi/document.ts";

const FILE = new URL("../openapi.json", import.meta.url);
const CURE = "apps/queen/openapi.json is not what the schemas and routes say: run pnpm openapi and commit it";

const [asked, ...rest] = process.argv.slice(2).filter((argument) => argument !== "--");
if (rest.length > 0 || (asked !== undefined && asked !== "--check")) {
  process.stderr.write(
    "Usage: pnpm openapi [--check]\n\nWrites apps/queen/openapi.json; with --check says whether it is in step.\n",
  );
  process.exitCode = 2;
} else {
  const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`;
  if (asked === undefined) {
    await writeFile(FILE, text);
  } else if ((await readFile(FILE, "utf8").catch(() => "")) === text) {
    process.stdout.write("openapi.json is in step with the schemas and routes\n");
  } else {
    process.stderr.write(`${CURE}\n`);
    process.exitCode = 1;
  }
}
