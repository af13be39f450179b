import type { Body } from "@repo/queen-client";
import { useState } from "preact/hooks";
import { visitor } from "../state/session.ts";

type NewToken = Body<"createToken">;

const DAY_MS = 86_400_000;
const ROLES = ["reader", "operator", "hive"] as const;

export function NewTokenForm({ onSubmit }: { onSubmit: (token: NewToken) => void }) {
  // An open queen takes no other one first: nobody could make more.
  const usual = visitor.value?.hasSession === false ? "operator" : "reader";
  const [role, setRole] = useState<NewToken["role"]>(usual);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const values = new FormData(form);
    const textOf = (name: string) => String(values.get(name) ?? "").trim();
    const days = Number(textOf("days"));
    onSubmit({
      name: textOf("name"),
      role,
      ...(role === "hive" && { hive_id: textOf("hive") }),
      ...(days > 0 && { expires_at_ms: Date.now() + days * DAY_MS }),
    });
    form.reset();
    setRole(usual);
  };
  return (
    <form class="row-form" onSubmit={submit}>
      <label>
        Name
        <input name="name" required autocomplete="off" placeholder="dashboard" />
      </label>
      <label>
        Role
        <select
          value={role}
          onChange={({ currentTarget }) => setRole(ROLES.find((one) => one === currentTarget.value) ?? "reader")}
        >
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {role === "hive" && (
        <label>
          Hive
          <input name="hive" required autocomplete="off" placeholder="gpu-01" />
        </label>
      )}
      <label>
        Days until it ends
        <input name="days" type="number" min="1" max="3650" placeholder="never" />
      </label>
      <button type="submit" class="primary">
        Make a token
      </button>
    </form>
  );
}
