import * as z from "zod";
import { field, rule, rulesOf, text } from "./fields.ts";
import { ofHive } from "./texts.ts";

/** Labels that one hive can have. */
export const MAX_LABELS = 64;
/** What the catalog keeps for itself. */
const RESERVED_PREFIX = "hive/";
const MAX_NAME = 63;
const MAX_PREFIX = 253;

const NAME = new RegExp(`^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,${MAX_NAME - 2}}[A-Za-z0-9])?$`);
const DNS_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const PREFIX = new RegExp(`^(?=.{1,${MAX_PREFIX}}$)${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);

/** Kubernetes' rule for the keys of labels: a name, or a DNS name and a name with a `/` between. */
export function isLabelKey(key: string): boolean {
  const [name = "", prefix, more] = key.split("/").reverse();
  return NAME.test(name) && more === undefined && (prefix === undefined || PREFIX.test(prefix));
}

/** Kubernetes' rule for the values of labels. */
export function isLabelValue(value: string): boolean {
  return value === "" || NAME.test(value);
}

const NAME_RULE = `1 to ${MAX_NAME} letters, digits, '-', '_' or '.', with a letter or a digit at both ends`;
export const KEY_RULE = `a key: ${NAME_RULE}; before it may stand a DNS name in lower case and '/'`;
export const VALUE_RULE = `a value: nothing, or ${NAME_RULE}`;

const KEY = rule(`must be ${KEY_RULE}`);
const VALUE = rule(`must be ${VALUE_RULE}`);
const key = z.string(KEY).refine(isLabelKey, KEY);
const value = z.string(VALUE).refine(isLabelValue, VALUE);

/** The columns of the table of labels, one row for each. */
export const labelFields = {
  hiveId: ofHive("hive_id"),
  key: field("key", text, key),
  value: field("value", text, value),
};

/** One label of one hive. */
export const HiveLabel = z.strictObject(rulesOf(labelFields));
export type HiveLabel = z.infer<typeof HiveLabel>;

const NAME_OF_LABEL = `must have for its name ${KEY_RULE}`;
const RESERVED = { error: `must not begin with ${RESERVED_PREFIX}, which is reserved` };
const settableKey = z
  .string()
  .refine(isLabelKey, NAME_OF_LABEL)
  .refine((name) => !name.startsWith(RESERVED_PREFIX), RESERVED);

const NO_LABELS = "must be an object from keys to values";
/** Of a key that is wrong, its own rule. */
const LABELS = {
  error: (issue: z.core.$ZodRawIssue) => {
    const [ofKey] = issue.code === "invalid_key" ? issue.issues : [];
    return ofKey?.message ?? (issue.input === undefined ? "is required" : NO_LABELS);
  },
};

function checkCount({ value: labels, issues }: z.core.ParsePayload<Record<string, string | null>>): void {
  const count = Object.values(labels).filter((held) => held !== null).length;
  if (count <= MAX_LABELS) return;
  const message = `must be at most ${MAX_LABELS} labels, but are ${count}`;
  issues.push({ code: "custom", input: undefined, path: [], message });
}

/** Of a record zod leaves that one key out, in silence; and nobody awaits zod, as it wants of whoever hands in a promise. */
const PROTOTYPE = "__proto__";
function checkPrototype(labels: unknown, { addIssue }: z.core.$RefinementCtx): unknown {
  const isNamed = typeof labels === "object" && labels !== null && Object.hasOwn(labels, PROTOTYPE);
  if (isNamed) addIssue({ code: "custom", input: PROTOTYPE, path: [PROTOTYPE], message: NAME_OF_LABEL });
  if (!(labels instanceof Promise)) return labels;
  addIssue({ code: "custom", input: undefined, message: `${NO_LABELS}, not a promise` });
  return undefined;
}

function labelsOf<Value extends z.ZodType<string | null>>(rule: Value, meta: { id: string; description: string }) {
  return z.preprocess(checkPrototype, z.record(settableKey, rule, LABELS).check(checkCount).meta(meta));
}

/** All labels of a hive: values by their keys. */
export const Labels = labelsOf(value, {
  id: "Labels",
  description: `Labels of a hive, at most ${MAX_LABELS}: values by their keys`,
});
export type Labels = Readonly<Record<string, string>>;

/** The value of that label; undefined where there is none, also of one that is called as something that each object has, such as `constructor`. */
export const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

/** Changes to the labels of a hive, key by key: a value sets, null removes. */
export const LabelChanges = labelsOf(value.nullable(), {
  id: "LabelChanges",
  description: "Labels to set, and those to remove as null; the others stay",
});
export type LabelChanges = Readonly<Record<string, string | null>>;
