import { signal } from "@preact/signals";

/** The hive at which the keyboard is. */
export const cursor = signal<string | undefined>(undefined);
