import { useState } from "preact/hooks";
import { FaultBox } from "../parts/fault.tsx";
import { type Fault, faultOf } from "../state/api.ts";
import { logIn, visitorFault } from "../state/session.ts";

export function LoginView() {
  const [fault, setFault] = useState<Fault | undefined>(visitorFault.value);
  const [isAsking, setAsking] = useState(false);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget as HTMLFormElement).get("token")).trim();
    setAsking(true);
    setFault(undefined);
    await logIn(token).catch((error) => setFault(faultOf(error)));
    setAsking(false);
  };
  return (
    <form class="login" onSubmit={(event) => void onSubmit(event)}>
      <h1>Log in</h1>
      <label>
        Token
        <input
          name="token"
          type="password"
          required
          autocomplete="current-password"
          placeholder="hq_…"
          spellcheck={false}
        />
      </label>
      {fault && <FaultBox fault={fault} />}
      <button type="submit" class="primary" disabled={isAsking}>
        Log in
      </button>
      <p class="hint">
        <code>pnpm queen token create --name me --role operator</code> makes one on the machine of the queen; who has
        one for hivectl needs none here: <code>pnpm -s hivectl ui</code> opens this page. This browser keeps a session
        for half a day, not the token.
      </p>
    </form>
  );
}
