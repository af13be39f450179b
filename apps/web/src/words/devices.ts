import { gpuKinds } from "@repo/queen-client";

/** "8 × H100 80GB", or why there is none to say. */
export function gpuTexts(gpus: Parameters<typeof gpuKinds>[0] | null): string[] {
  if (gpus === null) return ["not detected"];
  return gpus.length === 0 ? ["no GPU"] : gpuKinds(gpus);
}

export const addressText = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;
