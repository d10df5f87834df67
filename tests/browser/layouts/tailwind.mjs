// Writes what Tailwind makes of a page, as its own build does: its layers, and the classes used.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { compile } from "tailwindcss";

const { resolve } = createRequire(import.meta.url);
const load = async (name) => {
  const path = resolve(name === "tailwindcss" ? "tailwindcss/index.css" : name);
  return { path, base: dirname(path), content: await readFile(path, "utf8") };
};
const source = '@import "tailwindcss"; @custom-variant dark (&:where(.dark, .dark *));';
const { build } = await compile(source, { loadStylesheet: load });
const page = await readFile(process.argv[2], "utf8");
process.stdout.write(build(page.split(/[\s"'=<>]+/)));
