import { QueenNoAnswer } from "@repo/queen-client";
import { expect, test } from "vitest";
import { wholeAnswer } from "./whole-answer.ts";

async function read(...types: string[]): Promise<string[]> {
  const lines = (async function* () {
    for (const type of types) yield { type };
  })();
  const seen: string[] = [];
  for await (const { type } of wholeAnswer(lines)) seen.push(type);
  return seen;
}

test("an answer comes to its end, and one that was cut off is told from it", async () => {
  expect(await read("hive", "end")).toEqual(["hive", "end"]);
  await expect(read("hive")).rejects.toThrow(QueenNoAnswer);
  await expect(read()).rejects.toThrow("the answer has no end");
});
