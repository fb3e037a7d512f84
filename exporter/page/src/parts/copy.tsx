// Buttons that copy.

import { useEffect, useState } from "preact/hooks";
import { announce } from "./announce.tsx";

const SHOWN_MS = 2_000;

interface Props {
  /** What is copied, or what makes it when it is asked for. */
  value: string | (() => string | Promise<string>);
  /** What the button says: "Copy as JSON". */
  label: string;
}

export function CopyButton({ value, label }: Props) {
  const [told, setTold] = useState<string | null>(null);
  useEffect(() => {
    if (told === null) return;
    const timer = setTimeout(() => setTold(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [told]);
  async function copyIt() {
    const words = await copy(value);
    setTold(words);
    announce(words);
  }
  return (
    <button type="button" class="button small" onClick={copyIt}>
      {told ?? label}
    </button>
  );
}

async function copy(value: Props["value"]): Promise<string> {
  try {
    await write(typeof value === "string" ? value : await value());
    return "Copied";
  } catch {
    return "Cannot copy";
  }
}

async function write(text: string): Promise<void> {
  // Browsers give the clipboard only to pages of loopback or https.
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser does not copy");
}
