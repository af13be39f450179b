import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { QueenClient } from "../src/index.ts";

/** What has no verb: pages for people, the document itself, and what machines alone look at. */
const NO_VERBS = ["getDocs", "getDocsFile", "getMetrics", "getOpenApi", "isLive", "isReady"];

test("there is a verb for each operation that a client needs, of the same name", async () => {
  const document = JSON.parse(await readFile(new URL("../../../apps/queen/openapi.json", import.meta.url), "utf8"));
  const operations = Object.values<Record<string, { operationId: string }>>(document.paths)
    .flatMap((path) => Object.values(path))
    .map(({ operationId }) => operationId);
  const verbs: readonly string[] = Object.getOwnPropertyNames(QueenClient.prototype);
  expect(operations.filter((name) => !verbs.includes(name)).toSorted()).toEqual(NO_VERBS);
});
