import { AllowedHosts } from "../src/reach/allowed-hosts.ts";
import { Names, type Resolve } from "../src/reach/names.ts";
import { Probe, ProbeError } from "../src/reach/probe.ts";
import type { Answer } from "./hive-server.ts";

/** One that contacts loopback alone. */
export function newProbe(options: { allowed?: string; resolve?: Resolve; timeoutMs?: number } = {}): Probe {
  const { allowed = "127.0.0.0/8,::1", resolve = new Names().resolve, timeoutMs = 10_000 } = options;
  return new Probe({ allowedHosts: AllowedHosts.parse(allowed), resolve, timeoutMs });
}

/** A hive that does not answer. */
export const never: Answer = () => undefined;
export const resolveTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

export async function errorOf(promise: Promise<unknown>): Promise<ProbeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProbeError) return error;
  throw new Error(`expected a ProbeError, got ${error}`);
}
