import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "./child.ts";

export type LoadFigures = { perSecond: number; p50Ms: number; p99Ms: number; requests: number };

type Load = {
  url: string;
  /** Bodies that are posted as JSON, each in its turn. */
  bodies: readonly string[];
  /** Sent as a bearer with the body of the same place. Default: none. */
  tokens?: readonly string[];
  connections: number;
  seconds: number;
  /** For the script that wrk needs. */
  folder: string;
};

const FIGURES = "FIGURES ";
const GRACE_MS = 15_000;

/** wrk's version, or undefined where it is not installed. */
export async function installedWrk(): Promise<string | undefined> {
  // It knows no flag that only shows the version, and ends with 1.
  const said = await runProgram({ command: "wrk", args: ["--version"], timeoutMs: 5000 }).catch(String);
  return /\bwrk (?:debian\/)?(\d[\w.+-]*)/.exec(said)?.[1];
}

/** Posts for some seconds with one thread. Rejects when a single answer was not a 2xx. */
export async function runWrk({ url, bodies, tokens = [], connections, seconds, folder }: Load): Promise<LoadFigures> {
  const script = join(folder, "wrk.lua");
  await writeFile(script, luaScript(bodies, tokens));
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, url];
  const said = await runProgram({ command: "wrk", args, timeoutMs: seconds * 1000 + GRACE_MS });
  const line = said.split("\n").find((text) => text.startsWith(FIGURES));
  if (line === undefined) throw new Error(`wrk said nothing that can be read: ${said}`);
  const seen = JSON.parse(line.slice(FIGURES.length)) as Record<"requests" | "us" | "p50" | "p99" | "failed", number>;
  if (seen.failed > 0) throw new Error(`${seen.failed} of ${seen.requests} requests to ${url} failed`);
  return {
    perSecond: (seen.requests / seen.us) * 1e6,
    p50Ms: seen.p50 / 1000,
    p99Ms: seen.p99 / 1000,
    requests: seen.requests,
  };
}

/** Requests are put together before the first one is sent, so that the generator costs as little as it can. */
function luaScript(bodies: readonly string[], tokens: readonly string[]): string {
  return `
local bodies = {
${bodies.map((body) => `[==[${body}]==]`).join(",\n")}
}
local tokens = {
${tokens.map((token) => `"${token}"`).join(",\n")}
}
local requests = {}
local next = 0
function init(args)
  wrk.headers["content-type"] = "application/json"
  for i, body in ipairs(bodies) do
    if tokens[i] then wrk.headers["authorization"] = "Bearer " .. tokens[i] end
    requests[i] = wrk.format("POST", nil, nil, body)
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format('${FIGURES}{"requests":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
`;
}
