// What Node makes of JSON texts, for `node.rs`. Frames come on standard input and answers go to standard output, each
// with its length before it (32 bits, big-endian). An answer is one letter and what belongs to it:
//   R            JSON.parse refuses the text, or it is not UTF-8
//   O            it holds a number that became infinite
//   C hex text   the signature, 64 digits, and the canonical text
import { createHmac } from "node:crypto";

const secret = process.argv[2];
// A byte order mark is kept, so that JSON.parse sees and refuses it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
let waiting = Buffer.alloc(0);

process.stdin.on("data", (chunk) => {
  waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
    const end = 4 + waiting.readUInt32BE(0);
    send(answer(waiting.subarray(4, end)));
    waiting = waiting.subarray(end);
  }
});

function answer(bytes) {
  let value;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return Buffer.from("R");
  }
  if (holdsInfinity(value)) {
    return Buffer.from("O");
  }
  const canonical = Buffer.from(JSON.stringify(value), "utf8");
  const signature = createHmac("sha256", secret).update(canonical).digest("hex");
  return Buffer.concat([Buffer.from("C" + signature), canonical]);
}

function holdsInfinity(value) {
  if (typeof value === "number") {
    return !Number.isFinite(value);
  }
  return typeof value === "object" && value !== null && Object.values(value).some(holdsInfinity);
}

function send(frame) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  process.stdout.write(Buffer.concat([length, frame]));
}
