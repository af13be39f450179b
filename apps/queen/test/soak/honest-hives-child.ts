/** Plays some hives of the fleet, as other machines would. Its argument says which, as JSON: the address of each by its id. */
import { tellSoak } from "./children.ts";
import { type Beat, type Beating, HonestHive } from "./honest-hive.ts";

export type ToHonestHives =
  | { do: "begin"; hives: Record<string, Beating> }
  | { do: "die"; id: string }
  | { do: "revive"; id: string };
export type FromHonestHives = { ports: Record<string, number> } | { beat: Beat; id: string };

const tell = tellSoak<FromHonestHives>();
const addresses = JSON.parse(process.argv[2] ?? "{}") as Record<string, string>;
const hives = new Map(
  Object.entries(addresses).map(([id, address]) => [
    id,
    new HonestHive({ id, address, onBeat: (beat) => tell({ beat, id }) }),
  ]),
);

process.on("message", (message: ToHonestHives) => {
  if (message.do === "begin") for (const [id, beating] of Object.entries(message.hives)) hives.get(id)?.begin(beating);
  else if (message.do === "die") hives.get(message.id)?.die();
  else void hives.get(message.id)?.revive();
});

const ports: Record<string, number> = {};
for (const [id, hive] of hives) ports[id] = await hive.listen();
tell({ ports });
