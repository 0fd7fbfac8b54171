// Verifies requests with the packages that Stripe and GitHub publish: a JSON object a line in, a verdict a line out.

import { createInterface } from "node:readline";
import { verify } from "@octokit/webhooks-methods";
import Stripe from "stripe";

const stripe = new Stripe("sk_test_0");

function readStripe({ secret, signature }, body) {
  try {
    return { verified: true, read: stripe.webhooks.constructEvent(body, signature, secret) };
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    return { verified: false, read: null };
  }
}

async function readGitHub({ secret, signature, content_type }, body) {
  const text = body.toString();
  const isForm = content_type === "application/x-www-form-urlencoded";
  const read = isForm ? new URLSearchParams(text).get("payload") : text;
  return { verified: await verify(secret, text, signature), read };
}

const readers = { stripe: readStripe, github: readGitHub };

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const verdict = await readers[request.library](request, Buffer.from(request.body, "base64"));
  console.log(JSON.stringify(verdict));
}
