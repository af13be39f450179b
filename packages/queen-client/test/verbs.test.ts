import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { QueenClient } from "../src/index.ts";

/** JSON that has no verb all the same: the document itself, and what only who restarts her looks at. */
const NO_VERBS = ["getOpenApi", "isLive"];

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { readonly content?: object }>;
}

/** Pages, their files and the text of the metrics are for a browser or a scraper, and no client's. */
function isForClients({ responses }: Operation): boolean {
  const types = Object.entries(responses)
    .filter(([status]) => /^[23]/.test(status))
    .flatMap(([, { content = {} }]) => Object.keys(content));
  return types.length === 0 || types.some((type) => /json|event-stream/.test(type));
}

test("there is a verb for each operation that a client needs, of the same name", async () => {
  const document = JSON.parse(await readFile(new URL("../../../apps/queen/openapi.json", import.meta.url), "utf8"));
  const operations = Object.values<Record<string, Operation>>(document.paths)
    .flatMap((path) => Object.values(path))
    .filter(isForClients)
    .map(({ operationId }) => operationId);
  const verbs: readonly string[] = Object.getOwnPropertyNames(QueenClient.prototype);
  expect(operations.filter((name) => !verbs.includes(name)).toSorted()).toEqual(NO_VERBS);
});
