import { QueenClient, type Schema } from "@repo/queen-client";
import { ROOT } from "./place.ts";

// Temporary: until the client has these verbs.
export type FleetRow = Schema<"FleetRow">;
export type FleetTotals = Schema<"FleetTotals">;
export type FleetPage = Schema<"FleetPage">;
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

export class Verbs extends QueenClient {
  readonly key: string | undefined;
  constructor(options: { url: URL; sessionKey?: string }) {
    super(options);
    this.key = options.sessionKey;
  }
  async listFleet(query: Record<string, string>): Promise<FleetPage> {
    const answer = await fetch(new URL(`v1/fleet?${new URLSearchParams(query)}`, ROOT));
    if (!answer.ok) throw Object.assign(new Error((await answer.json()).detail), { status: answer.status });
    return answer.json();
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
