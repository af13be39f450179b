import { expect, test } from "vitest";
import * as z from "zod";
import { jsonWriter } from "./json-writer.ts";

const Step = z.strictObject({ name: z.string(), ended_at_ms: z.int().nullable() });
const write = jsonWriter(
  z.strictObject({
    id: z.string(),
    last_used_at_ms: z.int().nullable(),
    steps: z.array(Step),
    newest: Step.nullable(),
    counts: z.record(z.string(), z.int()),
  }),
);
const VALUE = {
  id: "a",
  lastUsedAtMs: null,
  steps: [{ name: "one", endedAtMs: 1 }],
  newest: null,
  counts: { wouldDo: 1 },
};

test("writes each field under the name that the schema has for it, in its order, lists and what may be null too", () => {
  const newest = { name: "two", endedAtMs: null };
  expect(JSON.stringify(write({ ...VALUE, newest }))).toBe(
    '{"id":"a","last_used_at_ms":null,"steps":[{"name":"one","ended_at_ms":1}],"newest":{"name":"two","ended_at_ms":null},"counts":{"wouldDo":1}}',
  );
  expect(write(VALUE).newest).toBeNull();
});

test("what the schema does not name is not written", () => {
  const secret = { ...VALUE, hash: "secret", steps: [{ name: "one", endedAtMs: 1, output: "secret" }] };
  expect(JSON.stringify(write(secret))).not.toContain("secret");
});
