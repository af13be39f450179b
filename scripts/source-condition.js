/** A hook of Node's loader: the packages of this repository are loaded from their TypeScript, not from what was built of it. */
export function resolve(specifier, context, next) {
  if (!specifier.startsWith("@repo/")) return next(specifier, context);
  return next(specifier, { ...context, conditions: [...context.conditions, "source"] });
}
