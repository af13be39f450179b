import type { ChildProcess } from "node:child_process";
import type { Random } from "../../sim/random.ts";
import type { Children } from "./children.ts";
import type { FromHonestHives, ToHonestHives } from "./honest-hives-child.ts";

const HIVES_OF_A_PROCESS = 50;
const PROGRAM = new URL("./honest-hives-child.ts", import.meta.url);

/** Where a hive of the fleet is. */
interface HonestAddress {
  id: string;
  host: string;
  port: number;
}

/** The hives that do what they should, in a few processes. */
export class HonestFleet {
  readonly hives: readonly HonestAddress[];
  /** How long the answer to each beat took, and what was not answered with 200. */
  readonly beatMs: number[] = [];
  readonly refused: string[] = [];
  readonly #processOf: ReadonlyMap<string, ChildProcess>;

  private constructor(hives: readonly HonestAddress[], processOf: ReadonlyMap<string, ChildProcess>) {
    this.hives = hives;
    this.#processOf = processOf;
  }

  /** Starts hives that answer; none beats yet. */
  static async start(children: Children, count: number): Promise<HonestFleet> {
    const hives: HonestAddress[] = [];
    const processOf = new Map<string, ChildProcess>();
    const onBeat = (message: FromHonestHives) => fleet.#note(message);
    for (let first = 0; first < count; first += HIVES_OF_A_PROCESS) {
      const size = Math.min(HIVES_OF_A_PROCESS, count - first);
      const hosts = Object.fromEntries(
        Array.from({ length: size }, (_, n) => [honestId(first + n), hostOf(first + n)]),
      );
      const { child, ports } = await startHives(children, hosts, onBeat);
      for (const [id, port] of Object.entries(ports)) {
        hives.push({ id, host: hosts[id] ?? "", port });
        processOf.set(id, child);
      }
    }
    const fleet = new HonestFleet(hives, processOf);
    return fleet;
  }

  /** Has them beat, each at a moment of its own. */
  begin(
    queenPort: number,
    tokens: ReadonlyMap<string, string>,
    { intervalMs, random }: { intervalMs: number; random: Random },
  ): void {
    for (const { id } of this.hives) {
      const firstInMs = random.between(0, intervalMs);
      this.#send(id, {
        do: "begin",
        hives: { [id]: { queenPort, token: tokens.get(id) ?? "", intervalMs, firstInMs } },
      });
    }
  }

  die(id: string): void {
    this.#send(id, { do: "die", id });
  }

  revive(id: string): void {
    this.#send(id, { do: "revive", id });
  }

  #send(id: string, message: ToHonestHives): void {
    const child = this.#processOf.get(id);
    if (child?.connected) child.send(message);
  }

  #note(message: FromHonestHives): void {
    if (!("beat" in message)) return;
    const { tookMs, outcome } = message.beat;
    this.beatMs.push(tookMs);
    if (outcome !== 200) this.refused.push(`a beat of ${message.id}: ${outcome}, after ${Math.round(tookMs)} ms`);
  }
}

function startHives(
  children: Children,
  hosts: Record<string, string>,
  onBeat: (message: FromHonestHives) => void,
): Promise<{ child: ChildProcess; ports: Record<string, number> }> {
  return new Promise((resolve) => {
    const onMessage = (message: unknown) => {
      const told = message as FromHonestHives;
      if ("ports" in told) resolve({ child, ports: told.ports });
      else onBeat(told);
    };
    const child = children.start("honest hives", PROGRAM, { args: [JSON.stringify(hosts)], onMessage });
  });
}

const honestId = (n: number): string => `honest-${String(n).padStart(4, "0")}`;

/** Of each its own, as machines have it: what one of them listens on, no connection of another can take meanwhile. */
const hostOf = (n: number): string => `127.1.${n >> 7}.${1 + (n & 127)}`;
