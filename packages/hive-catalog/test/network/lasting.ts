import { inspect } from "node:util";
import { expect, vi } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import type { HiveCatalogError } from "../../src/errors.ts";
import { refusalOf } from "../refusal.ts";
import { TOKEN } from "../server.ts";

/** Short, so that a test of what never answers ends soon. */
export const SHORT = { requestTimeoutMs: 300 };
export const DEADLINE = /did not answer within 300 ms/;

const UNKNOWN = {
  code: "CATALOG_OUTCOME_UNKNOWN",
  end: /whether the change was made is not known: read it, then decide$/,
};

/** An operator sees what happened and where, and nothing that is secret or internal. */
export function expectClear(refusal: HiveCatalogError, message: RegExp, mayBeUnknown = false): void {
  if (mayBeUnknown && refusal.code === UNKNOWN.code) expect(refusal.message).toMatch(UNKNOWN.end);
  else expect(refusal.code).toBe("CATALOG_UNAVAILABLE");
  expect(refusal.message).toMatch(message);
  expect(refusal.message).toContain("http://127.0.0.1:");
  expect(refusal.message).not.toMatch(/insert into|select |update "|"hives"/i);
  expect(inspect(refusal, { depth: 20, showHidden: true })).not.toContain(TOKEN);
}

/** Opens a catalog whose calls end soon: on a slow machine it may take a few attempts. */
export function openShort(url: string, authToken?: string): Promise<HiveCatalog> {
  return vi.waitFor(() => HiveCatalog.open(url, { ...SHORT, authToken }), { timeout: 20_000 });
}

/** Sooner or later a call says why: on a slow machine the deadline may come first. */
export async function expectReason(catalog: HiveCatalog, reason: RegExp): Promise<void> {
  const message = async () => (await refusalOf(catalog.countHives())).message;
  await expect.poll(message, { timeout: 20_000 }).toMatch(reason);
}

/** Sooner or later a change is told that another has the lock: on a slow machine the deadline may come while its last attempt is under way. */
export async function expectBusy(change: () => Promise<unknown>): Promise<void> {
  let refusal = await refusalOf(change());
  for (; refusal.code !== "CATALOG_BUSY"; refusal = await refusalOf(change())) expectClear(refusal, DEADLINE, true);
}
