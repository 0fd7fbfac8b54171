// Publishes an event, lists its deliveries and is refused, by the generated client; prints what it learnt as JSON.

import { createClient, type Problem, type Schemas } from "./dist/index.js";

declare const process: { argv: string[] };
const [url = "", key = "", tenant = ""] = process.argv.slice(2);
const postroad = createClient({ url, key });
const path = { tenant };

const published = await postroad.POST("/v1/tenants/{tenant}/events", {
  params: { path, header: { "Idempotency-Key": "lead-7-created" } },
  body: { type: "lead.created", data: { id: 7 } },
});
if (published.error) throw new Error(published.error.detail);
const accepted: Schemas["Accepted"] = published.data;

const deliveries = await postroad.GET("/v1/tenants/{tenant}/deliveries", { params: { path, query: { limit: 5 } } });
if (deliveries.error) throw new Error(deliveries.error.detail);
const listed: string[] = deliveries.data.data.flatMap((delivery) => delivery.events);

const wrong = await postroad.POST("/v1/tenants/{tenant}/events", {
  params: { path },
  body: { type: "lead.created", data: null, id: "" },
});
if (!wrong.error) throw new Error("an empty id was accepted");
const { code, status, errors }: Problem = wrong.error;

console.log(JSON.stringify({ accepted, listed, refused: { code, status, field: errors?.[0]?.field } }));
