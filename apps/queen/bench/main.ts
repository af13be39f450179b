import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { type Benchmark, catalogBenchmarks, endChildren, type Result } from "@repo/bench";
import { print, readOptions } from "@repo/settings";
import { Command, InvalidArgumentError, Option } from "commander";
import { agentMemory } from "./agent-memory.ts";
import { DOCUMENT, documentOf } from "./document.ts";
import { fleet } from "./fleet.ts";
import { healthRound } from "./health-round.ts";
import { hivectl } from "./hivectl.ts";
import { load } from "./load.ts";
import { describeMachine } from "./machine.ts";
import { memory } from "./memory.ts";
import { registry } from "./registry.ts";
import { type Report, reportText } from "./report.ts";
import { starting } from "./starting.ts";

const BENCHMARKS: readonly Benchmark[] = [
  ...catalogBenchmarks,
  load,
  registry,
  healthRound,
  fleet,
  memory,
  agentMemory,
  starting,
  hivectl,
];

type Flags = { quick?: boolean; only?: RegExp; json?: string; writeDocs?: boolean };

const HELP_AFTER = `
Exit codes: 0 every limit was kept, 1 a limit was missed or a benchmark failed, 2 called wrongly, 130 stopped by a signal.
Example: pnpm bench --quick --only load`;

const EXIT = { missed: 1, interrupted: 130 };

const flags = await readFlags();
if (flags === undefined) process.exit();
const folder = await mkdtemp(join(tmpdir(), "hive-bench-"));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupted);
try {
  process.exitCode = await run(flags);
} finally {
  cleanUp();
}

async function run({ quick = false, only, json, writeDocs }: Flags): Promise<number> {
  const startedMs = performance.now();
  const machine = await describeMachine(folder);
  const results: Result[] = [];
  const failures: Report["failures"] = [];
  const tookS: Record<string, number> = {};
  for (const { name, run } of BENCHMARKS) {
    if (only && !only.test(name)) continue;
    const benchmarkStartedMs = performance.now();
    const progress = (doing: string) => showProgress(`${name}: ${doing} (${seconds(startedMs)} s)`);
    try {
      results.push(...(await run({ quick, folder, progress })));
    } catch (error) {
      failures.push({ benchmark: name, reason: error instanceof Error ? error.message : String(error) });
    }
    tookS[name] = Number(seconds(benchmarkStartedMs));
  }
  showProgress("");
  const report: Report = {
    startedAt: new Date(Date.now() - (performance.now() - startedMs)).toISOString(),
    tookS: Number(seconds(startedMs)),
    tookSByBenchmark: tookS,
    quick,
    machine,
    results: results.toSorted((a, b) => a.point - b.point),
    failures,
  };
  const exitCode = await publish(report, json);
  if (writeDocs && failures.length === 0) await writeFile(DOCUMENT, documentOf(report));
  const missed = report.results.some(({ verdict }) => verdict === "missed");
  return missed || failures.length > 0 ? EXIT.missed : exitCode;
}

/** Answers the exit code. */
async function publish(report: Report, json: string | undefined): Promise<number> {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (json !== undefined && json !== "-") await writeFile(json, text);
  return print("bench", json === "-" ? text : reportText(report));
}

function readFlags(): Promise<Flags | undefined> {
  const names = BENCHMARKS.map(({ name }) => name).join(", ");
  const command = new Command("pnpm bench")
    .description("Measures the catalog and the queen against their counterparts, in alternating rounds.")
    .option("--quick", "fewer rounds and smaller fleets: under a minute, for orientation")
    .addOption(
      new Option("--only <pattern>", `run only the benchmarks whose name matches: ${names}`).argParser(pattern),
    )
    .option("--json <file>", "write the report as JSON too; - writes it, and nothing else, to the standard output")
    .option("--write-docs", "write docs/performance.md from this run, which must be a full one")
    .addHelpText("after", HELP_AFTER);
  return readOptions<Flags>("bench", command, ({ writeDocs, quick, only }) => {
    if (writeDocs && (quick || only)) command.error("--write-docs needs a full run");
    if (only && !BENCHMARKS.some(({ name }) => only.test(name))) {
      command.error(`--only ${only.source} matches none of: ${names}`);
    }
  });
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch {
    throw new InvalidArgumentError("It must be a regular expression.");
  }
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(0);
}

function interrupted(): void {
  showProgress("");
  cleanUp();
  process.exit(EXIT.interrupted);
}

/** In one go: what still runs could make new files otherwise. */
function cleanUp(): void {
  endChildren();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
