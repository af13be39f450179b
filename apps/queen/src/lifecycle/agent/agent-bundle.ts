import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** The hive agent as one file that needs nothing but Node. */
export interface AgentBundle {
  readonly contents: Uint8Array;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

export async function readAgentBundle(file: string): Promise<AgentBundle> {
  const contents = await readFile(file);
  return { contents, sha256: createHash("sha256").update(contents).digest("hex") };
}
