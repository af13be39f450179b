import { type Answer, type Ask, NoAnswer } from "./ask.ts";

export const SERVER_KINDS = ["ollama", "llamacpp", "vllm", "sglang", "openai"] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

/** The health of a worker that may be handed out; any other text says why it may not. */
export const HEALTHY = "healthy";

/** What was read of one model at a server. What is not known is absent. */
export interface Reading {
  /** As the server wants it in a request. */
  readonly model: string | null;
  readonly state: "Idle" | "Busy" | "Loading" | "Error";
  readonly health: string;
  /** Requests that run now, those that wait, and how many can run at once. */
  readonly running?: number | undefined;
  readonly waiting?: number | undefined;
  readonly slots?: number | undefined;
  readonly vramBytes?: number | undefined;
  /** The process that serves this model and no other, where that is not the server itself. */
  readonly pid?: number | undefined;
}

/** A model that a server has on disk, and loads when it is asked for it. */
export interface ColdModel {
  readonly model: string;
  readonly bytes?: number | undefined;
}

export interface ServerReading {
  readonly readings: readonly Reading[];
  /** Whether it serves models by their names, so that the ids of its workers hold them even where there is one. */
  readonly hasManyModels?: boolean;
  readonly cold?: readonly ColdModel[];
}

/** How a process was started. It may hold secrets: it is read, and neither logged nor sent. */
export interface CommandLine {
  readonly argv: readonly string[];
  /** Undefined where it is not for this user, or was not asked for. */
  readonly environment: Readonly<Record<string, string>> | undefined;
}

export interface ServerProcess extends CommandLine {
  readonly pid: number;
  /** Told apart by it from a later process with the same id. */
  readonly startTime: string;
}

/** A process that a server started for one of its models. */
interface Runner {
  readonly process: ServerProcess;
  /** Undefined where it cannot be asked: it does not listen, or in a container. */
  readonly ask: Ask | undefined;
}

/** What an adapter has before it: a server as it is now. */
export interface Server {
  readonly ask: Ask;
  /** Undefined for a configured server that is no process of this host, as far as can be seen. */
  readonly process: ServerProcess | undefined;
  readonly runners: readonly Runner[];
}

/** How the processes of a kind are known, without asking them anything. */
export interface Program {
  matches(argv: readonly string[]): boolean;
  /** Whether this is what a server of this kind starts for a model, and no server of any kind. */
  isRunner?(argv: readonly string[]): boolean;
  /** The port that it was told; undefined when it was told none. */
  portOf(line: CommandLine): number | undefined;
  readonly defaultPort: number;
  /** How long it may take until it listens, where it does not load a model before that. */
  readonly listensWithinMinutes?: number;
  /** Why nobody asks it over HTTP at a port that it was told, in the words of an operator. */
  whyNotAsked?(line: CommandLine): string | undefined;
  /** The path below which it was told to answer. */
  prefixOf?(line: CommandLine): string | undefined;
  /** Whether it was told to speak TLS: its certificate is for a name that only an operator knows. */
  speaksTls?(line: CommandLine): boolean;
  /** Whether its API is at the port that it was told, or has by default: its process listens on others, too. Else it is at the one where it listens. */
  isAtToldPort?(line: CommandLine): boolean;
  /** The model that it was told to serve. */
  modelOf(line: CommandLine): string | null;
}

/** One kind of inference server: how it is known, and what is asked of it. */
export interface Adapter {
  readonly kind: ServerKind;
  /** All that it may ask for, in which `*` stands for one value. Many a harmless-looking path loads a model or wakes a GPU. */
  readonly paths: readonly string[];
  /** Undefined for a kind that is only configured. */
  readonly program: Program | undefined;
  /** What the server calls itself, by a question that has no side effect on a server of any kind; undefined when something else answers. */
  identify(ask: Ask): Promise<string | undefined>;
  /**
   * Begins with a server; what it answers reads it once, and remembers what need not be asked again. It throws `AnotherServer` before it asks what would
   * have a side effect on a server of another kind.
   */
  open(): (server: Server) => Promise<ServerReading>;
}

/** What answers is no server of the kind that was asked for. */
export class AnotherServer extends Error {
  override readonly name = "AnotherServer";
}

export const ON_UNIX_SOCKET = "it listens on a Unix socket, and on no port";
export const SPEAKS_GRPC = "it speaks gRPC, and no HTTP";

export const KEYS_SETTING = "HIVE_WORKER_KEYS_FILE";
const NEEDS_KEY = `it wants a key: see ${KEYS_SETTING}`;
export const wantsKey = ({ status }: Answer): boolean => status === 401 || status === 403;

/** Whether it says anything. */
export const isUsable = ({ status, json }: Answer): boolean =>
  status === 200 && typeof json === "object" && json !== null;

/** The reading of a server that has refused or failed to say how it is. */
export function troubleOf(answer: Answer, path: string, model: string | null): Reading {
  const what =
    answer.status === 200 ? `what it answers to ${path} cannot be read` : `it answers ${answer.status} to ${path}`;
  return { model, state: "Error", health: wantsKey(answer) ? NEEDS_KEY : what };
}

/** Asks a server what it is: one that fails does not say it. vLLM answers everything so while it grows or shrinks. */
export async function askUnlessFailing(ask: Ask, path: string): Promise<Answer> {
  const answer = await ask(path);
  if (answer.status >= 500) throw new NoAnswer(`it answers ${answer.status} to ${path}`);
  return answer;
}

/** Whether it cannot take one more request now. */
export const isFull = ({ running, slots }: Pick<Reading, "running" | "slots">): boolean =>
  running !== undefined && slots !== undefined && running >= slots;

export const loading = (model: string | null): Reading => ({ model, state: "Loading", health: HEALTHY });
