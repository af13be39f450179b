import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { eventually, fakeProgram, startHive, startQueenDouble, temporaryFolder } from "../src/testing.ts";

/** What a program prints on a real host, with names and addresses replaced, and what is right. */
interface Case {
  file: string;
  program: string;
  exitCode: number;
  right: string;
  gpus: Record<string, unknown>[] | null;
  problems?: string[];
}

const folder = fileURLToPath(new URL("gpus/", import.meta.url));
const CASES: Case[] = JSON.parse(readFileSync(`${folder}cases.json`, "utf8"));
const textOf = (file: string) => readFileSync(`${folder}${file}.txt`, "utf8");

/** The agent, in this process, where `program` prints that text and ends with that code; what it answers, and what it tells its queen. */
async function agentWhere({ program, exitCode }: Case, text: string) {
  const path = temporaryFolder();
  fakeProgram(path, program, `/bin/cat <<'END'\n${text}\nEND\nexit ${exitCode}`);
  const queen = await startQueenDouble();
  const url = await startHive({ HIVE_QUEEN: queen.url, HIVE_BEAT_INTERVAL_MS: "400" }, path);
  const response = await fetch(`${url}/v1/devices`);
  expect(response.status).toBe(200);
  const { cpu, ...devices } = (await response.json()) as Record<string, unknown>;
  expect(cpu).toEqual({ cores: expect.any(Number), ram_gb: expect.any(Number) });
  const beats = queen.beats as { gpus?: unknown }[];
  return {
    devices,
    beatWithGpus: () => eventually(() => beats.find(({ gpus }) => gpus !== undefined), "GPUs in a beat"),
  };
}

test.each(CASES)("$right: $file", async ({ gpus, problems, ...how }) => {
  const { devices } = await agentWhere({ gpus, ...how }, textOf(how.file));
  expect(devices).toEqual({ gpus, ...(problems !== undefined && { problems }) });
});

const MEASURED = ["memory_used_bytes", "utilization_percent", "temperature_celsius", "power_watts"];
const ODD = ["[N/A]", "[Insufficient Permissions]", "ERR!", "[GPU requires reset]", "[Unknown Error]", "Unknown", ""];
const WARNING = "WARNING: infoROM is corrupted at gpu 0000:0B:00.0";
const isGpu = (line: string) => /^\d+, /.test(line);
const uuidOf = (index: unknown) => `GPU-7ad8cd31-${index}`;

/** As nvidia-smi prints the columns that were not asked for then: of each GPU one number is known, and another one of the next. */
function withAllColumns(line: string, position: number): string {
  if (!isGpu(line)) return line;
  const numbers = MEASURED.map((_, column) => (column === position % 4 ? "7" : ODD[(position + column) % ODD.length]));
  const index = Number.parseInt(line, 10);
  const busId = position % 3 === 2 ? "[N/A]" : `00000000:0${index}:00.0`;
  return [line.trimEnd(), uuidOf(index), busId, ...numbers].join(", ") + (line.endsWith("\r") ? "\r" : "");
}

/** The only one that is known of the GPU on that line. */
const measuredOn = (position: number) =>
  Object.fromEntries(
    MEASURED.map((name, column) => [name, column === position % 4 ? (column === 0 ? 7 * 2 ** 20 : 7) : null]),
  );

test.each(CASES.filter(({ file }) => textOf(file).split("\n").some(isGpu)))(
  "so it is with all columns, odd ones in each of them, and warnings before and after: $file",
  async (one) => {
    const lines = textOf(one.file).trimEnd().split("\n");
    const { devices, beatWithGpus } = await agentWhere(
      one,
      [WARNING, ...lines.map(withAllColumns), WARNING].join("\n"),
    );
    const [warning, gpus] = [`nvidia-smi wrote: ${WARNING}`, one.gpus ?? []];
    expect(devices).toEqual({
      gpus: gpus.map((gpu) => ({ ...gpu, uuid: uuidOf(gpu.index) })),
      problems: [warning, ...(one.problems ?? []), warning],
    });
    const positions = lines.flatMap((line, position) => (isGpu(line) ? [position] : []));
    const told = gpus.map(({ index }, at) => ({ index, uuid: uuidOf(index), ...measuredOn(positions[at] ?? 0) }));
    expect(await beatWithGpus()).toMatchObject({ gpus: told });
  },
);
