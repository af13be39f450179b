import type { Schema } from "@repo/queen-client";

export type FleetRow = Schema<"FleetRow">;
export type FleetTotals = Schema<"FleetTotals">;
export type FleetPage = Schema<"FleetPage">;
export type ActionLine = Schema<"ActionLine">;
export type ActionOnHive = Schema<"ActionOnHive">;
