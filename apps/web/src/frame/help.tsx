import { useEffect, useRef } from "preact/hooks";
import { areKeysOn, isHelpShown, KEYS } from "../keys.ts";

export function Help() {
  const box = useRef<HTMLDialogElement>(null);
  const isShown = isHelpShown.value;
  useEffect(() => {
    if (isShown) box.current?.showModal();
  }, [isShown]);
  if (!isShown) return null;
  return (
    <dialog ref={box} aria-labelledby="keys-title" onClose={() => (isHelpShown.value = false)}>
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={areKeysOn.value}
          onChange={({ currentTarget }) => {
            areKeysOn.value = currentTarget.checked;
          }}
        />
        Keys do this by themselves
      </label>
      <div class="buttons">
        <button type="button" onClick={() => box.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
