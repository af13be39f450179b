import type { SshSettings } from "../lifecycle/ssh/ssh-options.ts";

/** What the queen is told of how hives are installed and started. */
export interface LifecycleSettings {
  /** Under which hives reach the queen; without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** File with the certificates of the authority behind `publicUrl`, for hives that would not trust it otherwise. */
  readonly publicCa: string | undefined;
  readonly ssh: SshSettings;
  /** The environment of the programs that the queen runs: nothing of her own settings is in it. */
  readonly programEnv: Readonly<Record<string, string>>;
}
