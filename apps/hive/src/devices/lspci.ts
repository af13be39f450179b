/** A graphics card as lspci prints it. */
export interface PrintedCard {
  readonly busId: string;
  readonly name: string;
  readonly windowBytes: number;
}

/** Intel's accelerators are parts of processors (NPUs). */
const CARD =
  /^((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?:VGA compatible controller|3D controller|Display controller|Processing accelerators(?!: Intel )): (.+)$/;
/** What follows the name: `(rev c1) (prog-if 00 [VGA controller])`. */
const BEHIND_NAME = /(?: \((?:rev|prog-if) [^()]*\))+$/;
const WINDOW = /Memory at .*\[size=(\d{1,6})([KMGT])\]/;
const BYTES = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;

/** Reads what `lspci -v` prints: a device is a line, and what belongs to it is indented below. */
export function parseLspci(text: string): PrintedCard[] {
  return text
    .split(/\n(?=\S)/)
    .map(parseDevice)
    .filter((card) => card !== undefined);
}

function parseDevice(text: string): PrintedCard | undefined {
  const [head = "", ...lines] = text.split("\n");
  const [, busId, name] = CARD.exec(head.trim()) ?? [];
  if (busId === undefined || name === undefined) return undefined;
  const windows = lines.map((line) => {
    const [, count, unit] = WINDOW.exec(line) ?? [];
    return count === undefined ? 0 : Number(count) * BYTES[unit as keyof typeof BYTES];
  });
  return {
    busId: busId.length < "0000:00:00.0".length ? `0000:${busId}` : busId,
    name: name.replace(BEHIND_NAME, ""),
    windowBytes: Math.max(0, ...windows),
  };
}
