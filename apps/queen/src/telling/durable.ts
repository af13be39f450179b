import type { CallOptions, HiveCatalog } from "@repo/hive-catalog";

/** Whether a loss of power takes nothing of what the catalog answered; undefined when it does not say. */
export async function isDurable(catalog: HiveCatalog, options: CallOptions): Promise<boolean | undefined> {
  const synchronous = await catalog.synchronous(options).catch(() => undefined);
  return synchronous && (synchronous === "full" || synchronous === "extra");
}
