import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { z } from "zod";

const HIVE_PACKAGE = new URL("../../../../hive/", import.meta.url);
const ENTRY = fileURLToPath(new URL("src/agent.js", HIVE_PACKAGE));
/** For the modules in the bundle that are CommonJS. */
const BANNER = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** The hive agent as one file that needs nothing but Node. */
export interface AgentBundle {
  readonly contents: Uint8Array;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

let made: Promise<AgentBundle> | undefined;

/** Made from the source of the hive agent at its first use, and kept. */
export function agentBundle(): Promise<AgentBundle> {
  made ??= makeBundle().catch((error: unknown) => {
    made = undefined;
    throw error;
  });
  return made;
}

async function makeBundle(): Promise<AgentBundle> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(new URL("package.json", HIVE_PACKAGE), "utf8")));
  try {
    const { outputFiles } = await build({
      entryPoints: [ENTRY],
      bundle: true,
      conditions: ["source"],
      platform: "node",
      format: "esm",
      target: "node20.19",
      banner: { js: BANNER },
      define: { BUNDLED_VERSION: JSON.stringify(version) },
      write: false,
      logLevel: "silent",
    });
    const contents = outputFiles[0]?.contents ?? new Uint8Array();
    return { contents, sha256: createHash("sha256").update(contents).digest("hex") };
  } finally {
    // esbuild keeps a process for the next build, but there is none.
    await stop();
  }
}
