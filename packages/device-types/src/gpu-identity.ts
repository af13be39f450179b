/** Raised with every change of what `identifyGpu` answers: who keeps its answers derives them anew. */
export const GPU_IDENTITY_VERSION = 1;

export const GPU_VENDORS = ["nvidia", "amd", "intel", "apple"] as const;
export type GpuVendor = (typeof GPU_VENDORS)[number];

/** Who made a GPU, null where its name does not say; and its model, such as `rtx 4090`. */
export type GpuIdentity = { readonly vendor: GpuVendor | null; readonly model: string };

/** Words by which a vendor is known: the names of vendors first, then those of their families. */
const VENDOR_WORDS: readonly [GpuVendor, RegExp][] = [
  ["nvidia", /\bnvidia\b/],
  ["amd", /\b(?:amd|advanced micro devices)\b/],
  ["intel", /\bintel\b/],
  ["apple", /\bapple\b/],
  ["nvidia", /\b(?:geforce|tesla|quadro|titan|jetson|tegra|orin|nvgpu|[rg]tx\d*|sxm\d?|gh200|gb[23]00)\b/],
  ["nvidia", /^(?:a(?:2|10g?|16|30|40|100|800)|b[123]00|h(?:20|100|200|800)|l(?:2|4|20|40s?)|p40?|t4|[vp]100s?|k80)\b/],
  ["amd", /\b(?:radeon|instinct|firepro|ati|rx ?\d{3,4}|mi\d{2,3}[ax]?|gfx\d+[a-f]?)\b/],
  ["intel", /\b(?:arc|iris|uhd graphics|hd graphics|data center gpu)\b/],
];

/** What a name has beside its model: who made it, how much memory of which kind, how it is plugged in, what kind of thing it is. */
const NO_MODEL = new RegExp(
  `^(?:${[
    "nvidia|geforce|tesla|amd|ati|radeon|instinct|intel|apple|corporation|corp|inc|advanced|micro|devices",
    String.raw`\d+(?:\.\d+)?(?:g|gb|gib|mb|mib)|g?ddr\d*x?|hbm\d*e?|vram|memory`,
    String.raw`pcie|pci|express|sxm\d*|nvl|nvlink|oam|agp|mxm|hgx|dgx`,
    "gpu|gpus|nvgpu|graphics|generation|series|edition|design|with|accelerator|adapter|card|controller|display|vga|compatible",
  ].join("|")})$`,
);

/**
 * Vendor and model of a GPU, from its name as drivers, `lspci` and systems tell it; a `vendor` that the host said wins. Pure. "NVIDIA H100 80GB
 * HBM3" is `h100`, "NVIDIA GeForce RTX 4090" is `rtx 4090`. A name that holds nothing but such words is its own model.
 */
export function identifyGpu(name: string, vendor = ""): GpuIdentity {
  const asked = `${vendor.length} ${vendor}${name}`;
  const known = identities.get(asked);
  if (known !== undefined) return known;
  if (identities.size >= MAX_KEPT) identities.clear();
  const found = identityOf(name, vendor);
  identities.set(asked, found);
  return found;
}

/** A fleet has few names and asks for them again and again: to find out takes some microseconds. */
const identities = new Map<string, GpuIdentity>();
const MAX_KEPT = 1000;

function identityOf(name: string, vendor: string): GpuIdentity {
  const sold = plainName(nameOfSale(name));
  return {
    vendor: vendorIn(plainName(vendor)) ?? vendorIn(plainName(name)),
    model: wordsOfModel(sold).join(" ") || sold,
  };
}

const PCI_ID = /\[[0-9a-f]{4}:[0-9a-f]{4}\]/gi;

/** `lspci` has it in its last brackets, behind the name of the chip. */
function nameOfSale(name: string): string {
  return /\[([^\][]+)\][^\][]*$/.exec(name.replace(PCI_ID, ""))?.[1] ?? name;
}

function vendorIn(plain: string): GpuVendor | null {
  return VENDOR_WORDS.find(([, words]) => words.test(plain))?.[0] ?? null;
}

/** In lower case, without marks, and with a blank for whatever parts words. */
function plainName(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\((?:r|tm|c|rev [^)]*)\)|[\u2122\xae\xa9]/g, " ")
    .replace(/[^\p{L}\p{N}.]+/gu, " ")
    .replace(/(?<!\d)\.|\.(?!\d)/g, " ")
    .replace(/ +/g, " ")
    .trim();
}

/** The words that are left of a name when what is no model is taken away. */
export const modelWords = (name: string): string[] => wordsOfModel(plainName(name));

const wordsOfModel = (plain: string): string[] =>
  plain.split(" ").filter((word) => word !== "" && !NO_MODEL.test(word));

const TOKEN = /\p{L}+|\p{N}+/gu;

/** What is compared of models: their runs of letters and of digits. */
export function modelTokens(words: string): string[] {
  return words.match(TOKEN) ?? [];
}

/** Whether tokens that follow one another in a model make up a name, whatever parts them. */
export function isRunOf(model: readonly string[], name: string): boolean {
  return model.some((_, from) => {
    let rest = name;
    for (let place = from; rest !== "" && place < model.length; place++) {
      const token = model[place] ?? "";
      if (!rest.startsWith(token)) return false;
      rest = rest.slice(token.length);
    }
    return rest === "";
  });
}
