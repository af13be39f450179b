import { expect } from "vitest";
import type { TestQueen } from "./test-queen.ts";

export const JSON_TYPE = { "content-type": "application/json" };

/** Asserts a problem of this shape, and that the request stored nothing. */
export async function expectRefusal(
  queen: TestQueen,
  request: Parameters<TestQueen["send"]>[0],
  expected: { status: number; code: string; fields?: string[] },
): Promise<void> {
  const before = await queen.catalog.listHives();
  const { status, body, headers } = await queen.send(request);
  const problem = body as { errors: { field: string; message: string }[]; detail: string };
  const what = JSON.stringify(body);
  expect(status, what).toBe(expected.status);
  expect(problem, what).toMatchObject({
    type: "about:blank",
    title: expect.any(String),
    status: expected.status,
    detail: expect.any(String),
    code: expected.code,
    request_id: expect.any(String),
  });
  if (expected.fields) expect(problem.errors.map(({ field }) => field)).toEqual(expected.fields);
  for (const { message } of problem.errors) expect(message).not.toBe("");
  expect(headers["content-type"]).toContain("application/problem+json");
  expect(what).not.toMatch(/SQLITE|libsql|drizzle|insert into|node_modules/i);
  expect(await queen.catalog.listHives()).toEqual(before);
}
