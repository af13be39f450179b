import type { Body } from "@repo/queen-client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageProblem } from "../failure.ts";
import { given } from "./hive-filter.ts";

/** What can be said of where a hive is. */
export interface FieldFlags {
  readonly host?: string;
  readonly port?: number;
  readonly sshHost?: string;
  readonly sshPort?: number | "";
  readonly sshUser?: string;
}

export const addFieldFlags = (command: Command): Command =>
  command
    .option("--host <host>", "where its agent is: a name or an address")
    .addOption(new Option("--port <port>", "of its agent").argParser(readPort))
    .option("--ssh-host <host>", "where the queen logs in to install and start it")
    .addOption(
      new Option("--ssh-port <port>", "there; 22 unless it is said").argParser((text) =>
        text === "" ? text : readPort(text),
      ),
    )
    .option("--ssh-user <user>", "as whom she logs in there");

type Fields = Pick<Body<"changeHive">, "host" | "port" | "ssh_host" | "ssh_port" | "ssh_user">;

/** Those that were said, as the queen takes them; an empty text is none. */
export function fieldsOf({ host, port, sshHost, sshPort, sshUser }: FieldFlags): Fields {
  const orNull = (value: unknown) => (value === "" ? null : value);
  return given({ host, port, ssh_host: orNull(sshHost), ssh_port: orNull(sshPort), ssh_user: orNull(sshUser) });
}

/** Labels as `key=value`; a key alone has no value. */
export function labelsOf(pairs: readonly string[]): Record<string, string> {
  return onceEach(
    pairs.map((pair) => {
      const [, key, value = ""] = /^([^=]+)(?:=(.*))?$/s.exec(pair) ?? [];
      if (key === undefined) throw new UsageProblem(`a label is key=value, not ${JSON.stringify(pair)}`);
      return [key, value];
    }),
  );
}

/** Of two values of one label, nobody knows which is meant. */
export function onceEach<Value>(pairs: readonly (readonly [key: string, value: Value])[]): Record<string, Value> {
  const twice = pairs.find(([key], at) => pairs.findIndex(([other]) => other === key) !== at);
  if (twice !== undefined) throw new UsageProblem(`the label ${twice[0]} is named twice`);
  return Object.fromEntries(pairs);
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("It must be a port: 1 to 65535.");
}
