import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { mintToken } from "@repo/hive-catalog";
import { readCertificates } from "@repo/settings";
import { unlessAborted } from "../../process/abort.ts";
import { reasonOf } from "../../process/errors.ts";
import { isLoopback, plainAddress, plainHost } from "../../reach/addresses.ts";
import { StepFailure } from "../failures.ts";
import { beginningOf, script } from "../host.ts";
import type { Job } from "../job.ts";
import type { Outcome } from "../operation-run.ts";

const MIN_NODE = [20, 19] as const;
const AGENT = "agent.mjs";

/** `$1` is a program for Node, the rest its arguments. */
const NODE = `command -v node > /dev/null || { echo "there is no node on the PATH of a session without a terminal" >&2; exit 127; }
program=$1; shift; exec node --input-type=commonjs -e "$program" -- "$@"`;

const runNode = (job: Job, program: string, args: readonly string[] = [], input?: string): Promise<string> =>
  job.host.run(script(NODE, program, ...args), { signal: job.signal, ...(input !== undefined && { input }) });

const SAY_FACTS = `
const addresses = Object.values(require("node:os").networkInterfaces()).flat().map(({ address }) => address);
process.stdout.write([process.versions.node, ...addresses].join("\\n"));`;

export async function checkNode(job: Job): Promise<Outcome> {
  const said = await runNode(job, SAY_FACTS);
  const [version = "", ...addresses] = said.trim().split("\n");
  if (!/^\d{1,4}\.\d{1,4}\.\d{1,4}/.test(version)) {
    throw new StepFailure(
      "NODE_UNUSABLE",
      `node on ${job.host.name} did not say its version, but ${beginningOf(said)}`,
    );
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
    throw new StepFailure(
      "NODE_TOO_OLD",
      `node on ${job.host.name} is ${version}, but the agent needs ${MIN_NODE.join(".")} or later`,
    );
  }
  job.addresses = addresses;
  return `node ${version}`;
}

/** Asks the queen for her health, as the agent will ask: the CA comes on the standard input. */
const ASK_QUEEN = `
const ca = require("node:fs").readFileSync(0, "utf8");
const url = new URL(process.argv[1]);
const { get } = require(url.protocol === "https:" ? "node:https" : "node:http");
const trusted = ca === "" ? {} : { ca: [...require("node:tls").rootCertificates, ca] };
const request = get(url, { timeout: 5000, ...trusted }, ({ statusCode, headers: { location } }) => {
  process.stdout.write(statusCode + (location === undefined ? "" : ": it leads to " + location.split(/[?#]/, 1)[0]));
  process.exit(0);
});
request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
request.on("error", (error) => {
  process.stdout.write(error.message || error.code || String(error));
  process.exit(0);
});`;

export async function reachQueen(job: Job): Promise<Outcome> {
  const url = job.queenUrl;
  const answer = (await runNode(job, ASK_QUEEN, [`${url}/health`], readCa(job) ?? "")).trim();
  if (/^2\d\d\b/.test(answer)) return `${url} answers`;
  const what = /^\d{3}\b/.test(answer) ? `it answers ${answer}` : answer;
  throw new StepFailure("QUEEN_UNREACHABLE", `the queen cannot be reached from ${job.host.name} at ${url}: ${what}`);
}

export async function bundle(job: Job): Promise<Outcome> {
  const reading = readFile(job.parts.agentFile, "utf8").catch((error: unknown) => {
    throw new StepFailure("AGENT_FILE_MISSING", `the agent cannot be read: ${reasonOf(error)}`, { cause: error });
  });
  job.bundle = await unlessAborted(job.signal, reading);
  return `${Buffer.byteLength(job.bundle)} bytes, SHA-256 ${sha256Of(job.bundle)}`;
}

export async function copy(job: Job): Promise<Outcome> {
  await put(job, `incoming/${AGENT}`, made(job));
  return `~/${job.folder}`;
}

/** Puts what arrived in its place if it is what was sent, and says what it is. */
const TAKE_OVER = `
const fs = require("node:fs");
const [, folder, expected] = process.argv;
const arrived = folder + "/incoming/${AGENT}";
const found = require("node:crypto").createHash("sha256").update(fs.readFileSync(arrived)).digest("hex");
if (found === expected) fs.renameSync(arrived, folder + "/${AGENT}");
fs.rmSync(folder + "/incoming", { recursive: true });
process.stdout.write(found);`;

export async function verify(job: Job): Promise<Outcome> {
  const sha256 = sha256Of(made(job));
  const found = (await runNode(job, TAKE_OVER, [job.folder, sha256])).trim();
  if (found !== sha256)
    throw new StepFailure("COPY_DAMAGED", `what arrived has the SHA-256 ${found.slice(0, 64)}, not ${sha256}`);
  return "the SHA-256 is the same there";
}

/** `$1` is the file, `$2` its length: a connection that breaks off must not leave half of it. Only its owner can read it. */
const RECEIVE = `umask 077 && mkdir -p "$(dirname "$1")" && cat > "$1.incoming" &&
[ "$(wc -c < "$1.incoming")" -eq "$2" ]`;
const TAKE_PLACE = `mv "$1.incoming" "$1"`;
/** What is there but for the lines of `$3` stays, in whatever encoding, before what arrived, which wins; and how many lines that are. */
const KEEP_OTHERS = `if [ -f "$1" ]; then
{ LC_ALL=C grep -Ev "$3" "$1" > "$1.kept" || [ $? -eq 1 ]; } && wc -l < "$1.kept" && cat "$1.incoming" >> "$1.kept" && mv "$1.kept" "$1.incoming"
fi`;

const put = (job: Job, name: string, text: string): Promise<string> =>
  send(job, `${RECEIVE} && ${TAKE_PLACE}`, name, text);

const send = (job: Job, program: string, name: string, text: string, ...args: string[]): Promise<string> =>
  job.host.run(script(program, `${job.folder}/${name}`, String(Buffer.byteLength(text)), ...args), {
    signal: job.signal,
    input: text,
    timeoutMs: job.parts.timeouts.copyMs,
  });

/** Beside what somebody on the host added there. Resolves to how many lines that are. */
async function putSettings(job: Job, settings: Record<string, string | number | undefined>): Promise<number> {
  const lines = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}\n`));
  const ours = `^(${Object.keys(settings).join("|")})=`;
  return Number(await send(job, `${RECEIVE} && ${KEEP_OTHERS} && ${TAKE_PLACE}`, "hive.env", lines.join(""), ours));
}

export async function writeSettings(job: Job): Promise<Outcome> {
  const { hive } = job;
  const ca = readCa(job);
  if (ca !== undefined) await put(job, "queen-ca.pem", ca);
  const { token, ...minted } = mintToken();
  job.run.hide(token);
  await job.parts.catalog.tokens.add({ ...minted, name: tokenName(job), role: "hive", hiveId: hive.id });
  const settings = {
    HIVE_ID: hive.id,
    HIVE_HOST: listenAddress(job),
    HIVE_PORT: hive.port,
    HIVE_QUEEN: job.queenUrl,
    HIVE_QUEEN_CA: ca === undefined ? undefined : "queen-ca.pem",
    HIVE_TOKEN: token,
    // An agent takes one of the two alone.
    HIVE_TOKEN_FILE: undefined,
    HIVE_LOG_FILE: "hive.log",
    HIVE_PID_FILE: "hive.pid",
  };
  const kept = await putSettings(job, settings).catch(async (error: unknown) => {
    // Where the connection broke they may be there all the same, and the agent may start with them: the next installation ends that token.
    if (error instanceof StepFailure && error.code === "COMMAND_FAILED") await revokeUnused(job, minted.id);
    throw error;
  });
  job.tokenId = minted.id;
  const keeps = kept > 0 ? `; keeps ${kept} ${kept === 1 ? "line that was" : "lines that were"} added there` : "";
  return `listens on ${settings.HIVE_HOST}, port ${hive.port}; beats to ${job.queenUrl} with the token ${minted.id}${keeps}`;
}

/** Why it cannot be is said beside what failed, not in the place of it. */
async function revokeUnused({ parts: { catalog }, run }: Job, id: string): Promise<void> {
  try {
    await catalog.tokens.revoke(id);
  } catch (error) {
    run.onOutput(`the token ${id} stays in force: ${reasonOf(error)}\n`);
  }
}

/** The hive's own address where the host has it; all addresses where the hive is known by a name, or by the address of a gateway. */
function listenAddress({ hive, addresses }: Job): string {
  const host = plainAddress(plainHost(hive.host) ?? "");
  if (host === "localhost") return "127.0.0.1";
  if (isIP(host) !== 0 && (addresses.includes(host) || isLoopback(host))) return host;
  return addresses.some((address) => isIP(address) === 6) ? "::" : "0.0.0.0";
}

/** Ends what former installations of this hive were given, once the new one runs. */
export async function revokeFormerTokens(job: Job): Promise<Outcome> {
  if (job.tokenId === undefined) return { skipped: "the agent kept its token" };
  const { tokens } = job.parts.catalog;
  const former = (await tokens.list()).filter(
    ({ id, name, hiveId, revokedAtMs }) =>
      hiveId === job.hive.id && name === tokenName(job) && id !== job.tokenId && revokedAtMs === null,
  );
  for (const { id } of former) await tokens.revoke(id);
  return `former tokens revoked: ${former.length}`;
}

/** By which the tokens that the queen made for a hive are told from those that an operator made for it. */
const tokenName = ({ hive }: Job): string => `agent of ${hive.id}`.slice(0, 100);

function made({ bundle: agent }: Job): string {
  if (agent === undefined) throw new Error("there is no bundle yet");
  return agent;
}

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Only for a URL with TLS: an agent refuses a CA that is of no use. */
function readCa({ parts: { settings }, queenUrl }: Job): string | undefined {
  if (settings.publicCa === undefined || !queenUrl.startsWith("https:")) return undefined;
  try {
    return readCertificates(settings.publicCa);
  } catch (error) {
    const why = `the certificates for hives (QUEEN_PUBLIC_CA) cannot be used: ${settings.publicCa}: ${reasonOf(error)}`;
    throw new StepFailure("QUEEN_UNREACHABLE", why, { cause: error });
  }
}
