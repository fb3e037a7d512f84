// The keys that lead to the views, and the list of all keys.

import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import { keysOff, listenForKeys, shortcuts, useShortcuts } from "../parts/keys.ts";

export function Keys() {
  const { route } = useLocation();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(listenForKeys, []);
  useShortcuts(
    [
      { keys: "g l", does: "Go to Live", run: () => route("/") },
      { keys: "g o", does: "Go to Overview", run: () => route("/overview") },
      { keys: "g s", does: "Go to Sessions", run: () => route("/sessions") },
      { keys: "g h", does: "Go to Health", run: () => route("/health") },
      { keys: "?", does: "Show the keys", run: () => dialog.current?.showModal() },
    ],
    [route],
  );
  return (
    <>
      <button
        type="button"
        class="button quiet"
        aria-label="Keys (?)"
        title="Keys"
        onClick={() => dialog.current?.showModal()}
      >
        ?
      </button>
      <dialog ref={dialog} class="keys" aria-labelledby="keys-heading">
        <h2 id="keys-heading">Keys</h2>
        <dl>
          {shortcuts.value.map(({ keys, does }) => (
            <div key={keys}>
              <dt>
                {keys.split(/(?<=\S) /).map((key) => (
                  <kbd key={key}>{key === " " ? "Space" : key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>Enter</kbd>
            </dt>
            <dd>Open what has the focus</dd>
          </div>
        </dl>
        <label>
          <input
            type="checkbox"
            checked={!keysOff.value}
            onChange={(event) => {
              keysOff.value = !event.currentTarget.checked;
            }}
          />{" "}
          Single keys work
        </label>
        <form method="dialog">
          <button type="submit" class="button">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}
