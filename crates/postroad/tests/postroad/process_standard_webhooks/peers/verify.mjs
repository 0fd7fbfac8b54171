// Verifies requests with the published JavaScript package: a JSON object a line in, `true` or `false` a line out.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The package lies in the folder that the test names, not beside this file.
const { Webhook, WebhookVerificationError } = createRequire(process.argv[2])("standardwebhooks");

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, body, headers } = JSON.parse(line);
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    console.log("true");
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log("false");
  }
}
