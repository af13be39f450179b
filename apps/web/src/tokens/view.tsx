import { signal } from "@preact/signals";
import { type Body, hivesToLockOut, type Schema } from "@repo/queen-client";
import { useState } from "preact/hooks";
import { onNoHive } from "../actions/actions.ts";
import { openDialog } from "../actions/dialog.tsx";
import { Age } from "../parts/age.tsx";
import { CopiedCode } from "../parts/copy.tsx";
import { FaultBox } from "../parts/fault.tsx";
import { client, type Fault, faultOf } from "../state/api.ts";
import { useAsked } from "../state/ask.ts";
import { adopt, visitor, whyReadOnly } from "../state/session.ts";
import { timeText } from "../words/amounts.ts";
import { firstToken } from "./first-token.ts";
import { NewTokenForm } from "./new-token.tsx";

type NewToken = Body<"createToken">;

/** Of the token that was made last. It outlives the view, which gives way to the login when an open queen closes. */
const secret = signal<string | undefined>(undefined);

export function TokensView() {
  if (whyReadOnly.value === undefined) return <Tokens />;
  return (
    <>
      <h1>Tokens</h1>
      <p class="nothing">{whyReadOnly.value}.</p>
    </>
  );
}

function Tokens() {
  const { value, fault, again } = useAsked(allTokens, { key: "tokens" });
  const [problem, setProblem] = useState<Fault>();
  const attempt = (work: Promise<unknown>) => {
    setProblem(undefined);
    void work.catch((error) => setProblem(faultOf(error))).then(again);
  };
  const agreeAndMake = async (wanted: NewToken) => {
    const refused = isOpen() && wanted.role !== "hive" ? await hivesToLockOut(client.value, { nowMs: Date.now() }) : [];
    if (refused.length === 0) return make(wanted);
    openDialog(
      firstToken(refused, () => make(wanted).finally(again)),
      [],
    );
  };
  const revoke = (id: string, name: string) => {
    const what = `Whoever uses the token “${name}” is refused from then on, and its sessions end.`;
    const work = async () => {
      await client.value.revokeToken(id);
      again();
    };
    openDialog(onNoHive("Revoke", what, work), []);
  };
  return (
    <>
      <h1>Tokens</h1>
      {fault && <FaultBox fault={fault} onRetry={again} />}
      {problem && <FaultBox fault={problem} />}
      {secret.value !== undefined && <Secret token={secret.value} />}
      <NewTokenForm onSubmit={(wanted) => attempt(agreeAndMake(wanted))} />
      {isOpen() && (
        <p class="nothing">
          Nobody on the machine of the queen needs one until there is one of an operator or a reader. From then on
          everybody does: hives that have none of their own are refused.
        </p>
      )}
      {value !== undefined && value.tokens.length > 0 && (
        <div class="table-frame">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">Made</th>
                <th scope="col">Last used</th>
                <th scope="col">Ends</th>
                <th scope="col">
                  <span class="unseen">Revoke</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {value.tokens.map((token) => (
                <tr key={token.id} class={token.revoked_at_ms === null ? "" : "is-gone"}>
                  <th scope="row">{token.name}</th>
                  <td>{token.hive_id === null ? token.role : `hive ${token.hive_id}`}</td>
                  <td data-head="made">
                    <Age sinceMs={token.created_at_ms} suffix=" ago" />
                  </td>
                  <td data-head="last used">
                    {token.last_used_at_ms === null ? (
                      <span class="none">never</span>
                    ) : (
                      <Age sinceMs={token.last_used_at_ms} suffix=" ago" />
                    )}
                  </td>
                  <td data-head={token.revoked_at_ms === null ? "ends" : undefined}>{endOf(token)}</td>
                  <td>
                    {token.revoked_at_ms === null && (
                      <button type="button" class="danger" onClick={() => revoke(token.id, token.name)}>
                        Revoke
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const hide = () => {
  secret.value = undefined;
};

/** Whether nobody needs a token yet. */
const isOpen = () => visitor.value?.hasSession === false;

async function make(wanted: NewToken): Promise<void> {
  const wasOpen = isOpen();
  const { token, role } = await client.value.createToken(wanted);
  secret.value = token;
  if (wasOpen && role === "operator") await adopt(token);
}

async function allTokens() {
  const tokens: Schema<"Token">[] = [];
  for await (const page of client.value.tokenPages({ limit: 1000 })) tokens.push(...page.tokens);
  return { tokens };
}

function endOf({
  revoked_at_ms: revoked,
  expires_at_ms: expires,
}: {
  revoked_at_ms: number | null;
  expires_at_ms: number | null;
}) {
  if (revoked !== null) return `revoked ${timeText(revoked)}`;
  return expires === null ? <span class="none">never</span> : timeText(expires);
}

const Secret = ({ token }: { token: string }) => (
  <div class="moved" role="status">
    <p>Shown this once: keep it where it is used.</p>
    <CopiedCode text={token} what="token">
      <button type="button" onClick={hide}>
        Hide
      </button>
    </CopiedCode>
  </div>
);
