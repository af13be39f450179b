import { HiveCatalog, HiveCatalogError } from "@repo/hive-catalog";
import { pino } from "pino";
import { systemClock } from "./clock.ts";
import { type Config, readConfig } from "./config.ts";
import { systemResolve } from "./probe.ts";
import { assembleQueen } from "./queen.ts";
import { stopOnSignals } from "./signals.ts";

const result = readConfig();
if ("help" in result) process.stdout.write(result.help);
else if ("problems" in result) fail(2, result.problems);
else await start(result.config);

async function start(config: Config): Promise<void> {
  const log = pino({ level: config.logLevel });
  const catalog = await openCatalog(config);
  if (catalog === undefined) return;
  const queen = assembleQueen({ ...config, catalog, log, clock: systemClock, resolve: systemResolve });
  try {
    await queen.app.listen({ host: config.host, port: config.port });
  } catch (error) {
    await queen.stop();
    await catalog.close();
    fail(1, [listenProblem(config, error)]);
    return;
  }
  const address = queen.app.server.address();
  const { port } = typeof address === "object" && address !== null ? address : config;
  stopOnSignals({ queen, catalog, log });
  queen.healthLoop.start();
  // Said last: whoever reads it may send a signal at once.
  log.info({ host: config.host, port }, "queen listening");
}

async function openCatalog({ database, databaseAuthToken, migrate }: Config): Promise<HiveCatalog | undefined> {
  try {
    return await HiveCatalog.open(database, {
      migrate,
      ...(databaseAuthToken !== undefined && { authToken: databaseAuthToken }),
    });
  } catch (error) {
    if (!(error instanceof HiveCatalogError)) throw error;
    fail(1, [`cannot open the catalog: ${error.code}: ${error.message}`]);
    return undefined;
  }
}

function listenProblem({ host, port }: Config, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `port ${port} of ${host} is taken by another program: stop that one, or choose another port with --port or QUEEN_PORT`;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `cannot listen on port ${port} of ${host} (--host, --port): ${reason}`;
}

/** One line on stderr for each problem, whatever the log level. */
function fail(exitCode: number, problems: readonly string[]): void {
  for (const problem of problems) process.stderr.write(`queen: ${problem.replace(/\s*\n\s*/g, " ")}\n`);
  process.exitCode = exitCode;
}
