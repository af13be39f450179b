import { lookup } from "node:dns/promises";
import { fileURLToPath } from "node:url";
import { type FieldProblem, HiveCatalog, HiveCatalogError, isInForce } from "@repo/hive-catalog";
import { createLog, sayProblems } from "@repo/process-log";
import { endWithStarter } from "@repo/processes";
import { print } from "@repo/settings";
import type { Logger } from "pino";
import { readPage } from "../../../scripts/build/page.js";
import { type Config, readConfig } from "./config/config.ts";
import { SETTINGS } from "./config/settings.ts";
import { readTls } from "./http/connections/tls.ts";
import { systemClock } from "./process/clock.ts";
import { errorForLog, reasonOf, SettingError } from "./process/errors.ts";
import { affordableConnections } from "./process/open-files.ts";
import { type Running, reloadOnSighup, stopOnSignals } from "./process/signals.ts";
import { assembleQueen, type Queen, type QueenOptions } from "./queen.ts";
import { isLoopback } from "./reach/addresses.ts";
import { Names } from "./reach/names.ts";
import { Metrics } from "./telling/metrics.ts";
import { runTokenCommand } from "./token-command.ts";

endWithStarter();

/** The hive agent: its bundle, since this runs as a bundle. */
const AGENT_FILE = fileURLToPath(new URL("../../hive/src/agent.ts", import.meta.url));

const result = readConfig();
if ("print" in result) await print("queen", result.print);
else if ("problems" in result) fail(2, result.problems);
else if ("tokenCommand" in result) process.exitCode = await runTokenCommand(result.tokenCommand);
else await start(result);

async function start({ config, warnings }: { config: Config; warnings: readonly string[] }): Promise<void> {
  const log = createLog({ level: config.logLevel, serializers: { err: errorForLog } });
  const running: Running = { log };
  let queen: Queen | undefined;
  // One who only starts will read anew what there is.
  reloadOnSighup(() => queen && void reload(config, queen, log), stopOnSignals(running));
  for (const warning of warnings) log.warn(warning);
  const metrics = new Metrics();
  const catalog = await openCatalog(config, metrics);
  if (catalog === undefined) return;
  running.close = () => catalog.close();
  const { location, isNew, migrations } = catalog;
  // One that cannot be counted is said by all that reads it.
  const hives = await catalog.countHives().catch(() => undefined);
  log.info({ catalog: location, hives }, isNew ? "new catalog made" : "catalog opened");
  if (!isNew && migrations.length > 0) log.info({ migrations }, "the catalog was migrated for this version");
  for (const warning of catalog.warnings) log.warn(warning);
  let port: number;
  try {
    await checkThatSafe(config, catalog);
    queen = assemble(config, { catalog, log, metrics });
    const { stop, servers } = queen;
    running.drain = stop;
    running.cutOff = () => servers.closeAllConnections();
    port = await listen(queen, config);
  } catch (error) {
    if (running.stopping) return;
    await queen?.stop();
    await catalog.close();
    fail(error instanceof SettingError ? 2 : 1, [startProblem(config, error)]);
    return;
  }
  if (running.stopping) return;
  queen.start();
  // Said last: whoever reads it may send a signal at once.
  log.info({ host: config.host, port, ...(config.tlsFiles && { tls: true }) }, "queen listening");
  process.send?.({ listening: { host: config.host, port }, catalog: { location, isNew, hives } }, () => undefined);
}

function assemble(config: Config, opened: Pick<QueenOptions, "catalog" | "log" | "metrics">): Queen {
  const { tlsFiles } = config;
  const rereadTls = tlsFiles && (() => readTls(tlsFiles));
  return assembleQueen({
    ...config,
    ...opened,
    limits: { ...config.limits, maxConnections: affordableConnections(config.limits.maxConnections) },
    tls: rereadTls?.(),
    rereadTls,
    clock: systemClock,
    resolve: new Names().resolve,
    agentFile: AGENT_FILE,
    readPage,
  });
}

/** Listens on all addresses of the host, and returns the port, which the system chose where the setting is 0. */
async function listen({ app, servers }: Queen, { host, port: wanted }: Config): Promise<number> {
  await app.listen({ host, port: wanted });
  const bound = app.server.address();
  if (typeof bound !== "object" || bound === null) return wanted;
  if (host.toLowerCase() === "localhost") {
    const others = (await lookup(host, { all: true })).filter(({ address }) => address !== bound.address);
    await servers.listenAlso(
      others.map(({ address }) => address),
      bound.port,
    );
  }
  return bound.port;
}

/** Reads certificate and tokens anew. */
async function reload(
  config: Config,
  { certificates, door }: Pick<Queen, "certificates" | "door">,
  log: Logger,
): Promise<void> {
  try {
    if (config.tlsFiles) {
      certificates.take(readTls(config.tlsFiles));
      log.info("certificate read anew");
    }
  } catch (error) {
    log.error({ err: error }, "the new certificate cannot be used: the old one stays");
  }
  try {
    await door.known.refresh();
    log.info("tokens read anew");
  } catch (error) {
    log.error({ err: error }, "the tokens could not be read anew");
  }
}

/** Whoever can reach the port may do everything while there is no token; and nobody may do anything while there are hives' tokens alone. */
async function checkThatSafe({ host }: Config, catalog: HiveCatalog): Promise<void> {
  if (isLoopback(host)) return;
  const tokens = await catalog.tokens.list();
  if (tokens.some((token) => token.role !== "hive" && isInForce(token, Date.now()))) return;
  throw new SettingError(
    `--host (QUEEN_HOST) is ${host}, which other machines can reach, and no operator or reader has a token: make one with ` +
      "`pnpm queen token create --name NAME --role operator --out FILE`, for the same --database, or listen on 127.0.0.1",
  );
}

async function openCatalog(
  { database, databaseAuthToken, migrate }: Config,
  { onCommit }: Metrics,
): Promise<HiveCatalog | undefined> {
  try {
    return await HiveCatalog.open(database, {
      migrate,
      onCommit,
      ...(databaseAuthToken !== undefined && { authToken: databaseAuthToken }),
    });
  } catch (error) {
    if (!(error instanceof HiveCatalogError)) throw error;
    if (error.code === "INVALID_ARGUMENT") fail(2, error.problems.map(settingProblem));
    else fail(1, [openProblem(error)]);
    return undefined;
  }
}

function openProblem({ code, message }: HiveCatalogError): string {
  return `cannot open the catalog: ${code}: ${message}`;
}

/** What is wrong with an argument of HiveCatalog.open, by the name of its setting. */
function settingProblem({ field, message }: FieldProblem): string {
  const setting = field === "authToken" ? "QUEEN_DATABASE_AUTH_TOKEN" : "--database (QUEEN_DATABASE)";
  return `${setting} ${message}`;
}

function startProblem({ host, port }: Config, error: unknown): string {
  if (error instanceof SettingError) return error.message;
  if (error instanceof HiveCatalogError) return openProblem(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `port ${port} of ${host} is taken by another program, perhaps a queen that is still running: stop that one, or choose another port with ${SETTINGS.howToSet("port")}`;
  }
  if (code === undefined) return `cannot start: ${reasonOf(error)}`;
  return `cannot listen on port ${port} of ${host} (${SETTINGS.howToSet("host")}, ${SETTINGS.howToSet("port")}): ${reasonOf(error)}`;
}

function fail(exitCode: number, problems: readonly string[]): void {
  sayProblems("queen", problems);
  process.exitCode = exitCode;
}
