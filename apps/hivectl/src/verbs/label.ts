import { UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { actInBulk, addBulkFlags, type BulkFlags } from "./bulk.ts";
import { onceEach } from "./hive-fields.ts";
import type { AddVerb, Call } from "./verb.ts";

interface Flags extends BulkFlags {
  readonly overwrite?: true;
}

export const LABELED = "id|key=value|key-";

/** Labels to set, and those to remove as null. */
type Changes = Record<string, string | null>;

export const addLabel: AddVerb = (parent, does) => {
  addBulkFlags(
    parent
      .command("label")
      .description("Sets labels of hives (key=value) and removes them (key-); the others stay as they are."),
    LABELED,
    "of hives, - reads them from stdin, and labels: key=value sets one, key- removes one",
  )
    .option("--overwrite", "also where the hive has another value")
    .addHelpText(
      "after",
      examples(
        ["pnpm -s hivectl label gpu-01 gpu-02 rack=r12 env=prod"],
        ["pnpm -s hivectl label -l rack=r12 env=dev old- --overwrite"],
      ),
    )
    .action(does<Flags>(label));
};

async function label(session: Session, { args, flags }: Call<Flags>): Promise<number> {
  const isChange = (arg: string) => arg.includes("=") || /.-$/.test(arg);
  const changes = changesOf(args.filter(isChange));
  if (Object.keys(changes).length === 0) {
    throw new UsageProblem("say which labels: key=value sets one, key- removes one");
  }
  return actInBulk(
    session,
    { args: args.filter((arg) => !isChange(arg)), flags },
    {
      title: "Label",
      deed: { action: "label", labels: changes, overwrite: flags.overwrite === true },
      review: (line) => {
        if (line.outcome === "would_skip") return { ...line, detail: asItIs(changes) };
        if (line.problem?.code !== "INVALID_HIVE") return line;
        return { ...line, detail: `${line.detail}; --overwrite replaces it` };
      },
    },
  );
}

/** Of a hive at which nothing would change: `has rack=r12 already, has no label old`. */
function asItIs(changes: Changes): string {
  const has = Object.entries(changes).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
  const lacks = Object.entries(changes).flatMap(([key, value]) => (value === null ? [key] : []));
  return [
    ...(has.length === 0 ? [] : [`has ${has.join(", ")} already`]),
    ...(lacks.length === 0 ? [] : [`has no label ${lacks.join(", ")}`]),
  ].join(", ");
}

function changesOf(args: readonly string[]): Changes {
  const pairs = args.map((arg): [string, string | null] => {
    const at = arg.indexOf("=");
    return at < 0 ? [arg.slice(0, -1), null] : [arg.slice(0, at), arg.slice(at + 1)];
  });
  return onceEach(pairs);
}
