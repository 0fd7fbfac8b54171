// What a customer of Leanbe does in Node. Each line of the input is an object and is answered with a line:
//   {secret, body}   the signature that the body should carry, and the one it does; a body in base64
//   {text}           JSON as it is parsed and printed, in base64; null where a number in it becomes infinite
//   {zone, at}       the zone's offset at that time
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
}

function answer(question) {
  if (question.zone !== undefined) {
    return { offset: offset(question.zone, new Date(question.at)) };
  }
  if (question.text !== undefined) {
    const text = decoded(question.text);
    const canonical = Buffer.from(JSON.stringify(JSON.parse(text))).toString("base64");
    return { canonical: holdsInfinity(text) ? null : canonical };
  }
  try {
    const body = decoded(question.body);
    const computed = createHmac("sha256", question.secret).update(JSON.stringify(JSON.parse(body).payload)).digest("hex");
    return { computed, claimed: JSON.parse(body).signature };
  } catch {
    return { computed: null, claimed: null };
  }
}

function decoded(base64) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, "base64"));
}

// Looks at the numbers of the text: among the parsed values one is missing that a later value of the same key replaced.
function holdsInfinity(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs) ?? [];
  return tokens.some((token) => !token.startsWith('"') && !Number.isFinite(Number(token)));
}

function offset(timeZone, at) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  return format.formatToParts(at).find((part) => part.type === "timeZoneName").value.replace("GMT", "");
}
