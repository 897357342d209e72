// The sandbox's own API.

/** Fetch /sandbox/api/<path>; parameters without a value are left out. Throws an Error with the server's message. */
export async function get(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  const response = await fetch(`/sandbox/api/${path}${query.size ? `?${query}` : ""}`, { headers: { Accept: "application/json" } });
  const body = await response.json();
  if (!response.ok) {
    const error = new Error(body.message ?? `The sandbox answered ${response.status}.`);
    error.status = response.status;
    throw error;
  }
  return body;
}
