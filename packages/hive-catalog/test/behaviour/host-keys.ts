import { describe, expect, test } from "vitest";
import { NOW_MS, PUBLIC_KEY } from "./samples.ts";
import type { Site } from "./site.ts";

export function describeHostKeys(name: string, openSite: () => Promise<Site>): void {
  describe(`${name}: host keys`, () => {
    test("one key of each type is pinned for a host and port, whatever the case of the host's name", async () => {
      await using site = await openSite();
      const catalog = await site.open({ now: () => NOW_MS });
      const key = { host: "gpu.example", port: 22, keyType: "ssh-ed25519", publicKey: PUBLIC_KEY };
      const pinned = await catalog.hostKeys.pin({ ...key, host: "GPU.Example" });
      expect(pinned).toEqual({ ...key, pinnedAtMs: NOW_MS });
      const rsa = await catalog.hostKeys.pin({ ...key, keyType: "rsa-sha2-512" });
      const elsewhere = await catalog.hostKeys.pin({ ...key, port: 2222 });
      const other = await site.open({ now: () => NOW_MS + 1 });
      expect(await other.hostKeys.find("gpu.EXAMPLE", 22)).toEqual([rsa, pinned]);
      const changed = await other.hostKeys.pin({ ...key, publicKey: "AAAAB3Nz" });
      expect(await catalog.hostKeys.find(key.host, 22)).toEqual([rsa, changed]);
      expect(await catalog.hostKeys.list()).toEqual([changed, rsa, elsewhere]);
      expect(await catalog.hostKeys.remove("GPU.example", 22)).toBe(true);
      expect(await catalog.hostKeys.remove("gpu.example", 22)).toBe(false);
      expect(await catalog.hostKeys.list()).toEqual([elsewhere]);
    });
  });
}
