import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { QueenClient } from "@repo/queen-client";
import { Random } from "../../sim/random.ts";
import { Attackers } from "./attackers.ts";
import { Children } from "./children.ts";
import { quantile } from "./figures.ts";
import { Losses } from "./losses.ts";
import { Marks } from "./marks.ts";
import { Memory } from "./memory.ts";
import { problemsInLog } from "./queen-log.ts";
import { type Outcome, problemsOf, progressOf } from "./report.ts";
import { prepareSite, type Site } from "./site.ts";
import { SshProcesses } from "./ssh-processes.ts";

const BEATS_IN_STALE_AGE = 4;
const PROGRESS_MS = 5000;
const OPEN_QUEEN_SAYS = [/the TLS certificate has expired/, /plain HTTP came to the port of HTTPS/];

interface Options {
  minutes: number;
  hives: number;
  staleAfterMs: number;
  seed: number;
  /** Where its files are. */
  folder: string;
  onProgress: (text: string) => void;
  /** Ends it early. */
  stop: AbortSignal;
}

/** Has a fleet beat and lose hives while the queens are attacked, until the time is over and each loss was found or missed. */
export async function soak(options: Options): Promise<Outcome> {
  const { outcome, site } = await attackAndWatch(options);
  // Their logs are whole once the queens have ended.
  const inLogs = [await problemsInLog(site.locked.log), await problemsInLog(site.open.log, OPEN_QUEEN_SAYS)];
  outcome.problems.push(...inLogs.flat());
  return outcome;
}

async function attackAndWatch(options: Options): Promise<{ outcome: Outcome; site: Site }> {
  const { minutes, staleAfterMs, seed, folder, stop, onProgress } = options;
  const problems: string[] = [];
  const failed = new AbortController();
  await using children = new Children((what) => {
    problems.push(what);
    failed.abort();
  });
  const random = new Random(seed);
  const site = await prepareSite(folder, { ...options, children });
  const { fleet, locked, open } = site;
  const losses = new Losses({ fleet, staleAfterMs, random });
  await using _marks = await Marks.start({
    ...locked,
    token: site.operatorToken,
    onStatus: (id, status) => losses.told(id, status),
    onProblem: (problem) => problems.push(problem),
  });
  for (const [id, status] of await statusesOf(site)) losses.told(id, status);
  fleet.begin(locked.port, site.tokens, { intervalMs: staleAfterMs / BEATS_IN_STALE_AGE, random });
  const attackers = new Attackers(children, site.victims, seed);
  using memory = new Memory({ [locked.name]: locked.pid, [open.name]: open.pid });
  using ssh = new SshProcesses(locked.pid);

  const startedMs = performance.now();
  const seen = (): Outcome => ({
    seconds: Math.round((performance.now() - startedMs) / 1000),
    beats: fleet.beatMs.length,
    refusedBeats: fleet.refused.length,
    p50Ms: quantile(fleet.beatMs, 0.5),
    p99Ms: quantile(fleet.beatMs, 0.99),
    falseMarks: losses.falseMarks,
    losses: losses.begun,
    lossesFound: losses.foundMs.length,
    slowestLossMs: Math.max(0, ...losses.foundMs),
    memory: memory.figures(),
    sshAtOnce: ssh.mostAtOnce,
    attacks: attackers.counts,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    problems,
  });
  const progress = setInterval(() => onProgress(progressOf(seen(), memory.nowMb(locked.name))), PROGRESS_MS);
  const isOver = () => performance.now() - startedMs > minutes * 60_000 && attackers.haveTriedAll;
  await Promise.race([losses.run(isOver), aborted(stop), aborted(failed.signal)]);
  clearInterval(progress);
  const outcome = seen();
  const isWhole = !stop.aborted && !failed.signal.aborted;
  if (isWhole) problems.push(...problemsOf(outcome), ...memory.problems(), ...(await notOnline(site)));
  problems.push(...losses.problems, ...fleet.refused, ...attackers.problems());
  return { outcome, site };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** What the locked queen says of each hive now. A page is short where attackers have left long devices. */
async function statusesOf({ locked, operatorToken }: Site): Promise<[id: string, status: string][]> {
  const queen = new QueenClient({ url: `http://127.0.0.1:${locked.port}`, token: operatorToken });
  const statuses: [id: string, status: string][] = [];
  for await (const { hives } of queen.hivePages()) for (const { id, status } of hives) statuses.push([id, status]);
  return statuses;
}

/** In the end all have come back. */
async function notOnline(site: Site): Promise<string[]> {
  const statuses = new Map(await statusesOf(site));
  const others = site.fleet.hives.filter(({ id }) => statuses.get(id) !== "online");
  return others.map(({ id }) => `${id} is ${statuses.get(id)} in the end, and alive`);
}
