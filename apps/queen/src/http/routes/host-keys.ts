import type { HostKey } from "@repo/hive-catalog";
import { rule, timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import { fingerprintOf, type PublicKey } from "../../lifecycle/ssh/host-key.ts";
import type { PinnedKeys } from "../../lifecycle/ssh/host-key-desk.ts";
import { Problem } from "../errors.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";

const PRINT = rule("must be a fingerprint as ssh shows it: SHA256: and 43 characters of base64");

const offeredKey = {
  key_type: z.string(),
  fingerprint: z.string().meta({ description: "As ssh and ssh-keygen show it" }),
};
const PinnedKeyJson = z.strictObject({ ...offeredKey, pinned_at_ms: timeMs }).meta({ id: "PinnedHostKey" });
const FINGERPRINT = "SHA256:9rIk48X6e41yvssYHk/EBcDPbfjJqlAMiMfKlaoJSBw";
const PINNED = { key_type: "ssh-ed25519", fingerprint: FINGERPRINT, pinned_at_ms: 1_761_040_800_000 };

const TARGET = { ssh_host: "10.0.1.100", ssh_port: 22 };
const pinnedKeys = {
  ssh_host: z.string(),
  ssh_port: z.int(),
  pinned: z.array(PinnedKeyJson).meta({ description: "What an operator has confirmed" }),
};
const PinnedKeysJson = z.strictObject(pinnedKeys).meta({ id: "PinnedHostKeys" });
const HostKeysJson = z
  .strictObject({
    ...pinnedKeys,
    offered: z.array(z.strictObject(offeredKey)).meta({ description: "What the host offers now" }),
    problem: z.string().nullable().meta({ description: "Why nothing is offered; null when something is" }),
  })
  .meta({ id: "HostKeys" });

export const hostKeysRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/hives/:id/ssh-host-key",
    access: "reader",
    operationId: "getHostKeys",
    summary: "Get the SSH host keys that are pinned for a hive",
    answer: {
      description: "What is pinned; the host is not asked",
      schema: PinnedKeysJson,
      example: { ...TARGET, pinned: [PINNED] },
    },
    problems: ["HIVE_NOT_MANAGED", "CORRUPT_HIVE"],
  }).handle(async ({ params: { id } }, { lifecycle }) => pinnedKeysToJson(await lifecycle.hostKeys.show(id))),
  defineRoute({
    method: "post",
    path: "/v1/hives/:id/ssh-host-key/scan",
    operationId: "scanHostKeys",
    summary: "Ask the host of a hive for its SSH host keys",
    answer: {
      description: "What is pinned, and what the host offers now",
      schema: HostKeysJson,
      example: {
        ...TARGET,
        pinned: [],
        offered: [{ key_type: "ssh-ed25519", fingerprint: FINGERPRINT }],
        problem: null,
      },
    },
    problems: ["HIVE_NOT_MANAGED", "CORRUPT_HIVE"],
  }).handle(async ({ params: { id } }, { lifecycle }) => {
    const { offered, problem, ...known } = await lifecycle.hostKeys.scan(id);
    return { ...pinnedKeysToJson(known), offered: offered.map(keyToJson), problem };
  }),
  defineRoute({
    method: "post",
    path: "/v1/hives/:id/ssh-host-key",
    operationId: "confirmHostKey",
    summary: "Confirm the SSH host key of a hive by its fingerprint",
    description:
      "Compare it with what `ssh-keygen -lf` says on the host itself. From then on no other key is accepted.",
    body: {
      schema: z
        .strictObject({ fingerprint: z.string(PRINT).regex(/^SHA256:[A-Za-z0-9+/]{43}$/, PRINT) })
        .meta({ id: "ConfirmedHostKey" }),
      examples: { ed25519: { fingerprint: FINGERPRINT } },
    },
    answer: { description: "The key is pinned", schema: PinnedKeyJson, example: PINNED },
    problems: [
      "HIVE_NOT_MANAGED",
      "HOST_KEY_MISMATCH",
      "HOST_KEY_CHANGED",
      "SSH_UNREACHABLE",
      "CORRUPT_HIVE",
      ...WRITING,
    ],
  }).handle(async ({ params: { id }, body: { fingerprint } }, { lifecycle }) =>
    pinnedToJson(await lifecycle.hostKeys.confirm(id, fingerprint)),
  ),
  defineRoute({
    method: "delete",
    path: "/v1/hives/:id/ssh-host-key",
    operationId: "forgetHostKey",
    summary: "Forget the SSH host keys of a hive",
    description: "For a host that was set up anew: its next connection needs a confirmation again.",
    answer: { status: 204, description: "They are gone" },
    problems: ["HIVE_NOT_MANAGED", "HOST_KEY_NOT_FOUND", "CORRUPT_HIVE", ...WRITING],
  }).handle(async ({ params: { id } }, { lifecycle }) => {
    if (await lifecycle.hostKeys.forget(id)) return;
    throw new Problem("HOST_KEY_NOT_FOUND", `No host key is pinned for the ssh_host of ${JSON.stringify(id)}`);
  }),
];

function pinnedKeysToJson({ target, pinned }: PinnedKeys) {
  return { ssh_host: target.host, ssh_port: target.port, pinned: pinned.map(pinnedToJson) };
}

function keyToJson(key: PublicKey) {
  return { key_type: key.keyType, fingerprint: fingerprintOf(key) };
}

function pinnedToJson(key: HostKey) {
  return { ...keyToJson(key), pinned_at_ms: key.pinnedAtMs };
}
