// What `pnpm soak` runs: the one that looks for lost changes or, with `--hostile`, the one that attacks queens.
import { fileURLToPath } from "node:url";

const HOSTILE = "--hostile";
const [node, self, ...args] = process.argv;
const program = args.includes(HOSTILE)
  ? new URL("../apps/queen/test/soak/hostile.ts", import.meta.url)
  : new URL("../packages/hive-catalog/test/soak/main.ts", import.meta.url);
process.argv = [node, self, fileURLToPath(program), ...args.filter((arg) => arg !== HOSTILE)];
await import("./run.js");
