import { parseStat } from "@repo/processes";
import { anyCharacter, anyJson, mutated } from "@repo/test-support/fuzz";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { processOf, recorded } from "../../test/stub-server.ts";
import { type Adapter, AnotherServer, type Reading } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import { type Answer, NoAnswer } from "./ask.ts";
import { parseServers } from "./configured.ts";
import { parseTcp } from "./listeners.ts";
import { parseStatus } from "./proc.ts";
import { samplesOf } from "./prometheus.ts";

const STATES: readonly Reading["state"][] = ["Idle", "Busy", "Loading", "Error"];
const SOUND = [
  "llamacpp-props",
  "llamacpp-router-props",
  "llamacpp-slots-busy",
  "llamacpp-router-models-loaded",
  "ollama-ps-loaded",
  "ollama-tags",
  "llamacpp-metrics-busy",
].map((name) => recorded(name).body);

const page = fc
  .array(
    fc.tuple(
      fc.constantFrom("running", "waiting", "waiting_by_reason"),
      fc.oneof(fc.double(), fc.integer(), fc.string()),
    ),
  )
  .map((lines) => lines.map(([name, value]) => `vllm:num_requests_${name}{engine="0"} ${value}`).join("\n"));
const body = fc.oneof(anyJson, page, ...SOUND.map(mutated));
const answer = fc.record({
  status: fc.constantFrom(200, 200, 200, 204, 301, 400, 401, 403, 404, 500, 503, 999),
  server: fc.constantFrom("llama.cpp", "", "x"),
  json: body,
});
const answers = fc.array(fc.option(answer), { minLength: 1, maxLength: 6 });

/** Reads twice what a server answers in this order, again and again; null is no answer at all. */
async function readTwice(adapter: Adapter, given: readonly (Omit<Answer, "text"> | null)[]): Promise<Reading[]> {
  let asked = 0;
  const ask = async () => {
    const next = given[asked++ % given.length];
    if (!next) throw new NoAnswer("it is too slow");
    return { ...next, text: typeof next.json === "string" ? next.json : JSON.stringify(next.json ?? null) };
  };
  const process = processOf("llama-server --port 1");
  const server = { ask, process, runners: [{ process, ask }] };
  const read = adapter.open();
  await adapter.identify(ask).catch(unlessUnanswered);
  const readings = [await read(server).catch(unlessUnanswered), await read(server).catch(unlessUnanswered)];
  return readings.flatMap((one) => one?.readings ?? []);
}

function unlessUnanswered(error: unknown): undefined {
  if (!(error instanceof NoAnswer || error instanceof AnotherServer)) throw error;
}

describe("whatever a server answers", () => {
  test.each(ADAPTERS.map((adapter) => [adapter.kind, adapter] as const))(
    "%s is read without a throw, and nothing is made up",
    async (_kind, adapter) => {
      await fc.assert(
        fc.asyncProperty(answers, async (given) => {
          for (const { model, state, health, ...numbers } of await readTwice(adapter, given)) {
            expect(STATES).toContain(state);
            expect([typeof health, model === null || typeof model === "string"]).toEqual(["string", true]);
            const sound = (number: number | undefined) => Number.isSafeInteger(number ?? 0) && (number ?? 0) >= 0;
            expect(Object.entries(numbers).filter(([, number]) => !sound(number))).toEqual([]);
          }
        }),
        { numRuns: 300 },
      );
    },
  );
});

test("whatever stands in files of /proc, in metrics and in settings is read without a throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      parseStat(text);
      parseStatus(text);
      parseTcp(`0: ${text}\n1: 0100007F:1F90 0:0 0A 0 0 0 0 0 1 ${text}`);
      samplesOf(`vllm:a{${text}} 1\nvllm:a ${text}\n${text}`, ["vllm:a"]);
      parseServers(text);
    }),
    { numRuns: 1000 },
  );
});
