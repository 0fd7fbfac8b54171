// A typed client of Postroad's API. Everything but the key comes from the OpenAPI document: `schema.ts` is made of it.

import createFetchClient, { type Client as FetchClient } from "openapi-fetch";
import type { components, paths } from "./schema.js";

/** Every call of the API, by its path: `client.POST("/v1/tenants/{tenant}/events", …)`. */
export type Client = FetchClient<paths>;

/** The things of the API by their names in the document: `Schemas["Event"]`. */
export type Schemas = components["schemas"];

/** What a call answers as `error` when it was refused; decide on its `code`. */
export type Problem = Schemas["Problem"];

/** Where the server is and what opens it. */
export interface Options {
  /** Such as `https://hooks.example.com`, without `/v1`. */
  url: string;
  /** The admin key, or a key of a tenant. */
  key: string;
  /** In place of the runtime's own `fetch`: to add retries, timeouts or a proxy. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A client for one server and one key. */
export function createClient({ url, key, fetch }: Options): Client {
  const headers = { Authorization: `Bearer ${key}` };
  return createFetchClient<paths>({ baseUrl: url, headers, ...(fetch ? { fetch } : {}) });
}
