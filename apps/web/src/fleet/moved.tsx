import { moved, showNow } from "../state/fleet.ts";

/** That the hives are others by now, or stand elsewhere: the rows stay until somebody asks for that. */
export function Moved() {
  const now = moved.value;
  if (now === undefined) return null;
  const words = [
    now.more > 0 && `${now.more} more`,
    now.fewer > 0 && `${now.fewer} that no longer match`,
    now.isOther && "another order",
  ].filter(Boolean);
  return (
    <p class="moved">
      The list has changed: {words.join(", ")}.{" "}
      <button type="button" onClick={() => void showNow()}>
        Show it as it is now
      </button>
    </p>
  );
}
