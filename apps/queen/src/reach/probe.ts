import { type IncomingMessage, request } from "node:http";
import type { LookupFunction } from "node:net";
import { type DeviceReport, DeviceReportJson } from "@repo/device-types";
import type { HiveRecord } from "@repo/hive-catalog";
import { printable } from "@repo/process-log/printable";
import { JsonTooLarge, parseBoundedJson } from "../process/bounded-json.ts";
import { asError, CodedError, reasonOf } from "../process/errors.ts";
import { display, plainHost } from "./addresses.ts";
import { type AllowedHosts, notAllowed } from "./allowed-hosts.ts";
import { boundInterimAnswers, healthIn, MAX_PIECES, textOf } from "./answers.ts";
import { NameUnansweredError, type Resolve } from "./names.ts";

/** Room for as many GPUs as a hive may have, and for what else its ancestors said. */
const MAX_DEVICES_BYTES = 262_144;
const TOO_MUCH = `more than ${MAX_DEVICES_BYTES} bytes, or than ${MAX_PIECES} pieces`;
const MAX_SHOWN_ID = 128;
const HEALTH_PATHS = ["/health", "/v1/health"];
/** Of the whole time: the rest is for the last known address, when a name server is late. */
const LOOKUP_SHARE = 1 / 2;

/** Where a hive answers HTTP, and which one it is. */
export type HiveToReach = Pick<HiveRecord, "id" | "host" | "port">;
type HiveAddress = Omit<HiveToReach, "id">;

/** Files, in this process or on the machine, and memory. */
const OWN_LACKS: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

type ProbeErrorCode = "HIVE_UNREACHABLE" | "HIVE_NOT_ALLOWED" | "WRONG_HIVE" | "INVALID_DEVICES";

/** What a hive says of itself when its health is asked for. */
export interface HealthAnswer {
  /** Whether it said that it is the hive that was meant. */
  readonly saysId: boolean;
  /** How its agent names its present start, which another one has not; undefined when it does not say its id and a start. */
  readonly agentStart: string | undefined;
}

/** A hive did not answer as it should, or may not be contacted. */
export class ProbeError extends CodedError<ProbeErrorCode> {
  override readonly name = "ProbeError";

  /** The cause of INVALID_DEVICES is zod's error where fields of the answer are wrong. */
  constructor(code: ProbeErrorCode, message: string, options?: ErrorOptions) {
    // It may tell what the hive answered.
    super(code, printable(message), options);
  }

  /** Whether the hive was not even looked for, because the queen herself lacked what a connection takes. */
  get isUnsent(): boolean {
    return this.cause instanceof Error && "code" in this.cause && OWN_LACKS.has(this.cause.code);
  }

  /** … because nobody said where it is. */
  get isNameUnanswered(): boolean {
    return this.cause instanceof NameUnansweredError;
  }
}

interface ProbeOptions {
  allowedHosts: AllowedHosts;
  resolve: Resolve;
  /** For one whole call, name resolution included. */
  timeoutMs: number;
}

/** What is asked of a hive, until its time is over. */
interface Call {
  readonly signal: AbortSignal;
  /** Whether the name of the hive is being looked up. */
  isLookingUp: boolean;
}

/** The HTTP client towards hives. It follows no redirect, and connects only to addresses that are allowed. */
export class Probe {
  readonly #options: ProbeOptions;
  /** What ends them. */
  readonly #running = new Set<() => void>();
  #closed = false;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** Why the hive cannot be contacted, as far as its record says; where a name leads shows only when it is contacted. */
  refusal(hive: HiveAddress): ProbeError | undefined {
    if (!this.#options.allowedHosts.refuses(hive.host)) return undefined;
    return plainHost(hive.host) === undefined ? noHost(hive) : notAllowedHive(hive, hive.host);
  }

  /**
   * Resolves when `/health` or `/v1/health` answered with a 2xx status, and did not say that it is another hive than `id`, to what it said;
   * throws ProbeError when not, and when it `mustSayId` and does not.
   */
  health(id: string, hive: HiveAddress, mustSayId = false): Promise<HealthAnswer> {
    return this.#withDeadline(async (call) => {
      const { refusals, said } = await this.#askHealth(id, hive, call);
      if (refusals.length === HEALTH_PATHS.length) {
        throw new ProbeError("HIVE_UNREACHABLE", `${display(hive)}: ${refusals.join(", ")}`);
      }
      if (mustSayId && !said.saysId) throw namelessHive(hive, id);
      return said;
    });
  }

  /** Asks the hive for its devices, unless its health check says that it is another one than `id`; throws ProbeError. */
  devices(id: string, hive: HiveAddress): Promise<{ report: DeviceReport; agentStart: string | undefined }> {
    return this.#withDeadline(async (call) => {
      const { said } = await this.#askHealth(id, hive, call);
      const response = await this.#get(hive, "/v1/devices", call);
      if (!isSuccess(response)) {
        response.destroy();
        throw new ProbeError("HIVE_UNREACHABLE", `${display(hive)}: /v1/devices answered ${response.statusCode}`);
      }
      const report = parseDevices(hive, await this.#readText(hive, response, call));
      return { report, agentStart: said.agentStart };
    });
  }

  /** Ends what is running and refuses what comes. */
  close(): void {
    this.#closed = true;
    for (const end of this.#running) end();
  }

  async #withDeadline<T>(work: (call: Call) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const end = () => ending.abort();
    if (this.#closed) end();
    this.#running.add(end);
    const timer = setTimeout(end, this.#options.timeoutMs);
    try {
      return await work({ signal: ending.signal, isLookingUp: false });
    } finally {
      clearTimeout(timer);
      this.#running.delete(end);
    }
  }

  /** What the paths before the first 2xx answered, and what that one said. */
  async #askHealth(id: string, hive: HiveAddress, call: Call) {
    const refusals: string[] = [];
    let said: HealthAnswer = { saysId: false, agentStart: undefined };
    for (const path of HEALTH_PATHS) {
      const response = await this.#get(hive, path, call);
      if (isSuccess(response)) {
        const { id: answering, started_at: agentStart } = await healthIn(response);
        if (answering !== undefined && answering !== id) throw wrongHive(hive, answering, id);
        if (answering === id) said = { saysId: true, agentStart };
        break;
      }
      response.destroy();
      refusals.push(`${path} answered ${response.statusCode}`);
    }
    return { refusals, said };
  }

  async #get(hive: HiveAddress, path: string, call: Call): Promise<IncomingMessage> {
    const host = plainHost(hive.host);
    const refusal = this.refusal(hive);
    if (host === undefined || refusal !== undefined) throw refusal ?? noHost(hive);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      // A connection of its own shows whether the port still takes one, and its address is checked anew.
      const asked = request({
        host,
        port: hive.port,
        path,
        agent: false,
        signal: call.signal,
        lookup: this.#lookup(hive, call),
        headers: { accept: "application/json" },
      });
      boundInterimAnswers(asked);
      asked
        .on("response", resolve)
        .on("error", reject)
        // Whoever changes to another protocol (101) gives neither of the two.
        .on("close", () => reject(new Error("the connection ended without an answer")))
        .end();
    });
    try {
      return await answer;
    } catch (error) {
      throw error instanceof ProbeError ? error : this.#unreachable(hive, path, call, error);
    }
  }

  /** Hands the very addresses that were checked to the connection, so that no second resolution can slip another one in. */
  #lookup(hive: HiveAddress, call: Call): LookupFunction {
    const { allowedHosts, resolve, timeoutMs } = this.#options;
    return (host, options, callback) => {
      call.isLookingUp = true;
      const found = resolve(host, timeoutMs * LOOKUP_SHARE).finally(() => (call.isLookingUp = false));
      found.then(
        (found) => {
          const allowed = found.filter(({ address }) => allowedHosts.allows(host, address));
          const [first] = allowed;
          if (first === undefined) callback(notAllowedHive(hive, found.map(({ address }) => address).join(", ")), "");
          else if (options.all) callback(null, allowed);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => callback(asError(error), ""),
      );
    };
  }

  async #readText(hive: HiveAddress, response: IncomingMessage, call: Call): Promise<string> {
    const text = await textOf(response, MAX_DEVICES_BYTES).catch((error: unknown) => {
      throw this.#unreachable(hive, "/v1/devices", call, error);
    });
    if (text === undefined) throw invalidDevices(hive, TOO_MUCH);
    return text;
  }

  #unreachable(hive: HiveAddress, path: string, call: Call, given: unknown): ProbeError {
    const reason = this.#closed
      ? "the queen is stopping"
      : call.signal.aborted
        ? `no answer within ${this.#options.timeoutMs} ms`
        : reasonOf(given);
    const cause = call.isLookingUp ? new NameUnansweredError(reason) : given;
    return new ProbeError("HIVE_UNREACHABLE", `${display(hive)}: ${path}: ${reason}`, { cause });
  }
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

function wrongHive(hive: HiveAddress, answering: string, id: string): ProbeError {
  return new ProbeError("WRONG_HIVE", `${display(hive)} is hive '${answering.slice(0, MAX_SHOWN_ID)}', not '${id}'`);
}

const namelessHive = (hive: HiveAddress, id: string): ProbeError =>
  new ProbeError(
    "WRONG_HIVE",
    `what answers at ${display(hive)} does not say that it is hive '${id}', as it did before`,
  );

const noHost = ({ host }: HiveAddress): ProbeError =>
  new ProbeError(
    "HIVE_NOT_ALLOWED",
    `${JSON.stringify(host)} is no host name and no IP address, so it is not contacted: give the hive another host`,
  );

const notAllowedHive = (hive: HiveAddress, addresses: string): ProbeError =>
  new ProbeError("HIVE_NOT_ALLOWED", notAllowed(display(hive), hive.host, addresses));

function invalidDevices(hive: HiveAddress, what: string, cause?: unknown): ProbeError {
  return new ProbeError("INVALID_DEVICES", `${display(hive)}: /v1/devices answered ${what}`, { cause });
}

function parseDevices(hive: HiveAddress, text: string): DeviceReport {
  let json: unknown;
  try {
    json = parseBoundedJson(text);
  } catch (error) {
    if (error instanceof JsonTooLarge)
      throw invalidDevices(hive, `too much: ${error.key}${error.key && " "}${error.message}`);
    throw invalidDevices(hive, "something that is not JSON");
  }
  const parsed = DeviceReportJson.safeParse(json, {
    error: ({ input }) => (input === undefined ? "is required" : undefined),
  });
  if (!parsed.success) throw invalidDevices(hive, "devices that cannot be", parsed.error);
  return { ...parsed.data, problems: parsed.data.problems.map(printable) };
}
