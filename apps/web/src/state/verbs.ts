import { QueenClient, type Schema } from "@repo/queen-client";
import { ROOT } from "./place.ts";

// Temporary: until the client has these verbs.
interface Memory {
  total_bytes: number | null;
  used_bytes: number | null;
  free_bytes: number | null;
  measured: boolean;
}
export interface FleetRow {
  hive: Schema<"StoredHive">;
  status: { value: "online" | "offline" | "unknown"; rule: string; why: string; since_ms: number | null };
  takes_work: boolean;
  why_not: string | null;
  beat_age_ms: number | null;
  unreachable_since_ms: number | null;
  cordon: { reason: string; until_ms: number | null; created_at_ms: number } | null;
  probation_until_ms: number | null;
  workers: { idle: number; busy: number; loading: number; error: number } | null;
  models: string[] | null;
  ram: Memory;
  gpus:
    | (Memory & { index: number; name: string | null; unified: boolean; utilization_percent: number | null })[]
    | null;
  vram: Memory;
  last_operation: {
    id: string;
    kind: string;
    state: string;
    created_at_ms: number;
    finished_at_ms: number | null;
  } | null;
}
export interface FleetTotals {
  total: number;
  online: number;
  offline: number;
  unknown: number;
  cordoned: number;
  on_probation: number;
  unreachable: number;
}
export interface FleetPage {
  hives: FleetRow[];
  next_after: string | null;
  totals: FleetTotals;
  position: string;
  damaged: { id: string; column: string; problem: string }[];
}
export interface Me {
  role: "operator" | "reader" | "hive";
  version: string;
  door_open: boolean;
  stale_after_ms: number;
  public_url: string | null;
  token: { id: string; name: string } | null;
}
export interface ActionOnHive {
  type: "hive";
  hive_id: string;
  outcome: string;
  detail: string;
  problem: Schema<"Problem"> | null;
  operation_id: string | null;
}
export type ActionLine =
  | ActionOnHive
  | { type: "step"; hive_id: string; operation_id: string }
  | { type: "progress" | "end"; counts: Record<string, number>; running: number; not_begun: number };
export interface Token {
  id: string;
  name: string;
  role: string;
  hive_id: string | null;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  last_used_at_ms: number | null;
}

export class Verbs extends QueenClient {
  readonly key: string | undefined;
  constructor(options: { url: URL; sessionKey?: string }) {
    super(options);
    this.key = options.sessionKey;
  }
  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(new URL(path, ROOT), {
      method,
      headers: {
        ...(this.key && { "x-queen-key": this.key }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw Object.assign(new Error((await answer.json()).detail), { status: answer.status });
    return answer.status === 204 ? (undefined as T) : answer.json();
  }
  listFleet(query: Record<string, string>): Promise<FleetPage> {
    return this.#ask("GET", `v1/fleet?${new URLSearchParams(query)}`);
  }
  getMe(): Promise<Me> {
    return this.#ask("GET", "v1/me");
  }
  getSession(): Promise<{ role: "operator" | "reader"; expires_at_ms: number }> {
    return this.#ask("GET", "v1/session");
  }
  logIn(body: { token?: string; code?: string }): Promise<{ role: string; key: string }> {
    return this.#ask("POST", "v1/session", body);
  }
  logOut(): Promise<undefined> {
    return this.#ask("DELETE", "v1/session");
  }
  listTokens(): Promise<{ tokens: Token[] }> {
    return this.#ask("GET", "v1/tokens");
  }
  async *actOnHives(body: object, query: { dry_run?: boolean } = {}): AsyncGenerator<ActionLine> {
    const answer = await fetch(new URL(`v1/hives/actions${query.dry_run ? "?dry_run=true" : ""}`, ROOT), {
      method: "POST",
      headers: { "content-type": "application/json", ...(this.key && { "x-queen-key": this.key }) },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw Object.assign(new Error((await answer.json()).detail), { status: answer.status });
    for (const line of (await answer.text()).trim().split("\n")) yield JSON.parse(line);
  }
}
