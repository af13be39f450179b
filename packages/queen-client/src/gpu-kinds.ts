interface Gpu {
  readonly name: string | null;
  readonly total_bytes: number | null;
}

const MAKERS = /^(?:NVIDIA|AMD|Intel(?:\(R\))?) (?:GeForce |Tesla |Radeon |Instinct )?/;
/** How the memory and the board are built. */
const BUILD = /[ -](?:HBM\d\w*|SXM\d?|PCIe)\b/g;
/** What turns the direction of a text: its memory, which is said behind the name, would be turned too. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;
const GB = 2 ** 30;

/** "8 × H100 80GB": each kind once, without what every name says. So the GPUs of a hive are shown wherever there is little room. */
export function gpuKinds(gpus: readonly Gpu[]): string[] {
  const kinds = new Map<string, number>();
  for (const gpu of gpus) kinds.set(kindOf(gpu), (kinds.get(kindOf(gpu)) ?? 0) + 1);
  return [...kinds].map(([kind, count]) => (count === 1 ? kind : `${count} × ${kind}`));
}

function kindOf({ name, total_bytes: bytes }: Gpu): string {
  const short = (name ?? "GPU").replace(MAKERS, "").replace(BUILD, "").replace(TURNS, "");
  if (bytes === null || /\d ?GB\b/i.test(short)) return short;
  return `${short} ${Math.round(bytes / GB)}GB`;
}
