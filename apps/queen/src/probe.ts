import { lookup as dnsLookup } from "node:dns/promises";
import { type IncomingMessage, request } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import { type DeviceCapabilities, DeviceCapabilitiesJson } from "@repo/device-types";
import type { AllowedHosts } from "./allowed-hosts.ts";
import { type FieldProblem, fieldProblems } from "./field-problems.ts";

const MAX_BODY_BYTES = 1_048_576;

/** The addresses of a host name. */
export type Resolve = (host: string) => Promise<{ address: string; family: number }[]>;

export const systemResolve: Resolve = (host) => dnsLookup(host, { all: true });

/** Where a hive answers HTTP. */
export interface HiveAddress {
  readonly host: string;
  readonly port: number;
}

type ProbeErrorCode = "HIVE_UNREACHABLE" | "HIVE_NOT_ALLOWED" | "INVALID_DEVICES";

/** A hive did not answer as it should, or may not be contacted. */
export class ProbeError extends Error {
  override readonly name = "ProbeError";
  readonly code: ProbeErrorCode;
  /** The fields of the hive's answer that are wrong: filled for INVALID_DEVICES. */
  readonly problems: readonly FieldProblem[];

  constructor(code: ProbeErrorCode, message: string, options: { cause?: unknown; problems?: FieldProblem[] } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
  }
}

interface ProbeOptions {
  allowedHosts: AllowedHosts;
  resolve: Resolve;
  /** For one whole call, name resolution included. */
  timeoutMs: number;
}

/** The HTTP client towards hives. It follows no redirect, and connects only to addresses that are allowed. */
export class Probe {
  readonly #allowedHosts: AllowedHosts;
  readonly #resolve: Resolve;
  readonly #timeoutMs: number;
  readonly #running = new Set<AbortController>();
  #closed = false;

  constructor({ allowedHosts, resolve, timeoutMs }: ProbeOptions) {
    this.#allowedHosts = allowedHosts;
    this.#resolve = resolve;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether the address of the hive is known not to be allowed; what a name leads to shows only when it is contacted. */
  refuses({ host }: HiveAddress): boolean {
    return this.#allowedHosts.refusesAddress(host);
  }

  /** Resolves when the hive answered `/health` or `/v1/health` with a 2xx status; throws ProbeError when not. */
  health(hive: HiveAddress): Promise<void> {
    return this.#withDeadline(async (signal) => {
      const statuses: string[] = [];
      for (const path of ["/health", "/v1/health"]) {
        const response = await this.#get(hive, path, signal);
        response.destroy();
        if (isSuccess(response)) return;
        statuses.push(`${path} answered ${response.statusCode}`);
      }
      throw new ProbeError("HIVE_UNREACHABLE", `${display(hive)}: ${statuses.join(", ")}`);
    });
  }

  /** Asks the hive for its devices; throws ProbeError. */
  devices(hive: HiveAddress): Promise<DeviceCapabilities> {
    return this.#withDeadline(async (signal) => {
      const response = await this.#get(hive, "/v1/devices", signal);
      if (!isSuccess(response)) {
        response.destroy();
        throw new ProbeError("HIVE_UNREACHABLE", `${display(hive)}: /v1/devices answered ${response.statusCode}`);
      }
      return parseDevices(hive, await this.#readText(hive, response, signal));
    });
  }

  /** Ends what is running and refuses what comes. */
  close(): void {
    this.#closed = true;
    for (const running of this.#running) running.abort();
  }

  async #withDeadline<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const running = new AbortController();
    if (this.#closed) running.abort();
    this.#running.add(running);
    const timer = setTimeout(() => running.abort(), this.#timeoutMs);
    try {
      return await work(running.signal);
    } finally {
      clearTimeout(timer);
      this.#running.delete(running);
    }
  }

  async #get(hive: HiveAddress, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    if (this.refuses(hive)) throw notAllowed(hive, hive.host);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      // A connection of its own shows whether the port still takes one, and its address is checked anew.
      request({
        host: hive.host,
        port: hive.port,
        path,
        agent: false,
        signal,
        lookup: this.#lookup(hive),
        headers: { accept: "application/json", connection: "close" },
      })
        .on("response", resolve)
        .on("error", reject)
        .end();
    });
    try {
      return await answer;
    } catch (error) {
      throw error instanceof ProbeError ? error : this.#unreachable(hive, path, signal, error);
    }
  }

  /** Hands the very addresses that were checked to the connection, so that no second resolution can slip another one in. */
  #lookup(hive: HiveAddress): LookupFunction {
    return (host, options, callback) => {
      this.#resolve(host).then(
        (found) => {
          const allowed = found.filter(({ address }) => this.#allowedHosts.allows(hive.host, address));
          const [first] = allowed;
          if (first === undefined) callback(notAllowed(hive, found.map(({ address }) => address).join(", ")), "");
          else if (options.all) callback(null, allowed);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ""),
      );
    };
  }

  async #readText(hive: HiveAddress, response: IncomingMessage, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of response) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_BODY_BYTES) break;
      }
    } catch (error) {
      throw this.#unreachable(hive, "/v1/devices", signal, error);
    }
    if (size > MAX_BODY_BYTES) throw invalidDevices(hive, `more than ${MAX_BODY_BYTES} bytes`);
    return Buffer.concat(chunks).toString("utf8");
  }

  #unreachable(hive: HiveAddress, path: string, signal: AbortSignal, cause: unknown): ProbeError {
    const reason = this.#closed
      ? "the queen is stopping"
      : signal.aborted
        ? `no answer within ${this.#timeoutMs} ms`
        : reasonOf(cause);
    return new ProbeError("HIVE_UNREACHABLE", `${display(hive)}: ${path}: ${reason}`, { cause });
  }
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

const display = ({ host, port }: HiveAddress): string => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`);

/** A host with several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function notAllowed(hive: HiveAddress, addresses: string): ProbeError {
  const what = addresses === hive.host ? display(hive) : `${display(hive)} (${addresses || "no address"})`;
  return new ProbeError(
    "HIVE_NOT_ALLOWED",
    `${what} is not among the hosts that this queen may contact (QUEEN_ALLOWED_HOSTS)`,
  );
}

function invalidDevices(hive: HiveAddress, what: string, problems: FieldProblem[] = []): ProbeError {
  return new ProbeError("INVALID_DEVICES", `${display(hive)}: /v1/devices answered ${what}`, { problems });
}

function parseDevices(hive: HiveAddress, text: string): DeviceCapabilities {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidDevices(hive, "something that is not JSON");
  }
  const parsed = DeviceCapabilitiesJson.safeParse(json);
  if (!parsed.success) throw invalidDevices(hive, "devices that cannot be", fieldProblems(parsed.error));
  return parsed.data;
}
