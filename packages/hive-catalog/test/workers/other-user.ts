/** Opens a catalog as the user that it is started as, says how that went, and answers each line of its input with what it came to, all as JSON. */
import { createInterface } from "node:readline";
import { HiveCatalog } from "../../src/index.ts";
import { aHive } from "../../src/testing.ts";

const [path = ""] = process.argv.slice(2);

const CALLS: Record<string, (catalog: HiveCatalog) => Promise<unknown>> = {
  tokens: async (catalog) =>
    (await catalog.tokens.list()).filter((token) => token.revokedAtMs === null).map((token) => token.id),
  hives: (catalog) => catalog.countHives(),
  add: (catalog) => catalog.addHive(aHive({ id: "mine" })),
  check: (catalog) => catalog.checkWritable(),
};

async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    return JSON.stringify({ value: await call() });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return JSON.stringify({ code, message });
  }
}

let catalog: HiveCatalog | undefined;
console.log(
  await outcomeOf(async () => {
    catalog = await HiveCatalog.open(path);
    return catalog.warnings;
  }),
);
for await (const line of createInterface({ input: process.stdin })) {
  console.log(await outcomeOf(() => catalog && CALLS[line]?.(catalog)));
}
