import { CopiedCode } from "../parts/copy.tsx";
import { hrefOf, place } from "../state/place.ts";
import { queenHere } from "../state/session.ts";
import { curlCommand, hivectlCommand } from "../words/command.ts";
import { FILTERS } from "../words/filters.ts";

/** No hive is shown: there is none yet, or none for which all filters hold. */
export function Nothing({ isEmpty }: { isEmpty: boolean }) {
  if (isEmpty) return <NoHives />;
  const filters = Object.keys(FILTERS).filter((name) => place.value.query.has(name));
  const words = filters.map((name) => `${FILTERS[name]?.title} ${place.value.query.get(name)}`);
  return (
    <div class="nothing">
      <h2>No hive matches</h2>
      <p>{words.join(", ")}</p>
      <a class="button" href={hrefOf("")}>
        Show all hives
      </a>
    </div>
  );
}

const ADD = `-H 'content-type: application/json' -d '{"id":"gpu-01","host":"10.0.1.100","port":8600}'`;

function NoHives() {
  const queen = queenHere();
  const { isLocked } = queen;
  const commands = [
    ["Add a host, by an id of your choice:", curlCommand(queen, "v1/hives", ADD)],
    [
      isLocked ? "Start the agent on that host, with a token of the role hive:" : "Start the agent on that host:",
      `${isLocked ? "HIVE_TOKEN=hq_… " : ""}pnpm hive --id gpu-01 --host 0.0.0.0 --queen ${queen.root.replace(/\/$/, "")}`,
    ],
    ["See it here, or in a terminal:", hivectlCommand(queen, "get hives")],
  ] as const;
  return (
    <div class="nothing is-empty">
      <h2>No hives yet</h2>
      <ol>
        {commands.map(([what, command]) => (
          <li key={what}>
            {what}
            <CopiedCode text={command} />
          </li>
        ))}
      </ol>
    </div>
  );
}
