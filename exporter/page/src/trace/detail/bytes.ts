// Bodies that are no text: their bytes.

/** The bytes that base64 stands for; as far as it is sound. */
export function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

const PER_LINE = 16;

/** "00000000  47 49 46 38 …  GIF8…": at most `limit` bytes of it. */
export function hexDump(bytes: Uint8Array, limit = 512): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, limit); at += PER_LINE) {
    const line = [...bytes.subarray(at, Math.min(at + PER_LINE, limit))];
    const hex = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const seen = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(PER_LINE * 3 - 1)}  ${seen}`);
  }
  return lines.join("\n");
}
