import { expect } from "vitest";
import type { OpenOptions } from "../src/options.ts";
import { CatalogFile } from "./catalog-file.ts";

export const NOW_MS = 1_761_040_800_000;

/** A catalog of `count` hives that counts the beats of each commit. */
export async function fleet(count: number, options: OpenOptions = {}) {
  const file = await CatalogFile.create();
  const commits: number[] = [];
  const onCommit = ({ size, durationMs }: { size: number; durationMs: number }) => {
    expect(durationMs).toBeGreaterThanOrEqual(0);
    commits.push(size);
  };
  const catalog = await file.open({ now: () => NOW_MS, onCommit, ...options });
  const ids = Array.from({ length: count }, (_, index) => `hive-${index}`);
  if (count > 0) {
    const rows = ids.map((id) => `('${id}', 'h', 1, 'online', 0, 0)`).join(", ");
    file.run(`INSERT INTO hives (id, host, port, status, created_at_ms, updated_at_ms) VALUES ${rows}`);
  }
  return { file, catalog, commits, ids };
}

export const beatsIn = (file: CatalogFile) =>
  Object.fromEntries(file.read("SELECT id, last_heartbeat_ms FROM hives")) as Record<string, number | null>;
