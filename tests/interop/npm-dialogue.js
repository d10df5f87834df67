// What the scripts beside this share: what they were given, a line of JSON out for one in, and the
// cookies of a browser.
import { createInterface } from "node:readline";

export const given = JSON.parse(process.argv[2]);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(value) {
  console.log(JSON.stringify(value));
  return (await lines.next()).value;
}

export class Cookies {
  #kept = new Map();

  keep(response) {
    for (const line of response.headers.getSetCookie()) {
      const [name, ...value] = line.split(";")[0].split("=");
      this.#kept.set(name, value.join("="));
    }
    return response;
  }

  get header() {
    return [...this.#kept].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}
