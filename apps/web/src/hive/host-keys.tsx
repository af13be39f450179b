import type { Schema } from "@repo/queen-client";
import { useState } from "preact/hooks";
import { FaultBox } from "../parts/fault.tsx";
import { client, type Fault, faultOf } from "../state/api.ts";
import { useAsked } from "../state/ask.ts";
import { whyReadOnly } from "../state/session.ts";

type Keys = Schema<"HostKeys">;

/** Which key the SSH host shows, beside the one that an operator has confirmed. */
export function HostKeys({ id }: { id: string }) {
  const pinned = useAsked(() => client.value.getHostKeys(id), { key: `keys ${id}` });
  const [scanned, setScanned] = useState<Keys>();
  const [fault, setFault] = useState<Fault>();
  const why = whyReadOnly.value;
  const attempt = async (work: () => Promise<unknown>) => {
    setFault(undefined);
    await work().catch((error) => setFault(faultOf(error)));
    pinned.again();
  };
  const scan = async () => setScanned(await client.value.scanHostKeys(id));
  const confirm = async (fingerprint: string) => {
    await client.value.confirmHostKey(id, { fingerprint });
    setScanned(undefined);
  };
  return (
    <section class="panel is-wide">
      <h2>SSH host keys</h2>
      {pinned.fault && <FaultBox fault={pinned.fault} />}
      {fault && <FaultBox fault={fault} />}
      <dl class="pairs">
        {pinned.value?.pinned.map((key) => (
          <div key={key.fingerprint}>
            <dt>Confirmed</dt>
            <dd class="mono">{`${key.key_type} ${key.fingerprint}`}</dd>
          </div>
        ))}
        {scanned?.offered.map((key) => (
          <div key={key.fingerprint}>
            <dt>Offered now</dt>
            <dd>
              <span class="mono">{`${key.key_type} ${key.fingerprint}`}</span>
              <Compared onConfirm={() => void attempt(() => confirm(key.fingerprint))} />
            </dd>
          </div>
        ))}
      </dl>
      {pinned.value?.pinned.length === 0 && (
        <p class="soft">No key is confirmed yet: nothing is done over SSH until then.</p>
      )}
      {scanned?.problem && <p>{scanned.problem}</p>}
      <p class="buttons">
        <button type="button" disabled={why !== undefined} title={why} onClick={() => void attempt(scan)}>
          Ask the host for its keys
        </button>
      </p>
    </section>
  );
}

/** Nobody confirms a key that he has not looked at elsewhere. */
function Compared({ onConfirm }: { onConfirm: () => void }) {
  const [isCompared, setCompared] = useState(false);
  return (
    <span class="compared">
      <label class="check">
        <input
          type="checkbox"
          checked={isCompared}
          onChange={({ currentTarget }) => setCompared(currentTarget.checked)}
        />
        I have compared it with the one that the host itself shows
      </label>
      <button type="button" class="primary" disabled={!isCompared} onClick={onConfirm}>
        Confirm
      </button>
    </span>
  );
}
