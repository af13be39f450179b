import { Copy } from "../parts/copy.tsx";
import { hrefOf, place, ROOT } from "../state/place.ts";
import { visitor } from "../state/session.ts";
import { FILTERS } from "./filters.ts";

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

function NoHives() {
  const url = ROOT.href.replace(/\/$/, "");
  const isLocked = visitor.value?.hasSession === true;
  const asMe = isLocked ? '-H "authorization: Bearer $QUEEN_TOKEN" ' : "";
  const commands = [
    [
      "Add a host, by an id of your choice:",
      `curl -X POST ${url}/v1/hives ${asMe}-H 'content-type: application/json' -d '{"id":"gpu-01","host":"10.0.1.100","port":8600}'`,
    ],
    [
      isLocked ? "Start the agent on that host, with a token of the role hive:" : "Start the agent on that host:",
      `${isLocked ? "HIVE_TOKEN=hq_… " : ""}pnpm hive --id gpu-01 --host 0.0.0.0 --queen ${url}`,
    ],
    ["See it here, or in a terminal:", `pnpm -s hivectl --url ${url} get hives`],
  ] as const;
  return (
    <div class="nothing is-empty">
      <h2>No hives yet</h2>
      <ol>
        {commands.map(([what, command]) => (
          <li key={what}>
            {what}
            <span class="command">
              <code>{command}</code>
              <Copy text={command} what="command" />
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
