"""The element as people write it in their frameworks; each page has ``show(shown)``."""

import subprocess
from pathlib import Path

from browser.fronts import PACKAGES

LINK = 'document.querySelector("template").content.querySelector("a").href'
REACT = """
import { StrictMode, createElement, useState } from "react";
import { createRoot } from "react-dom/client";
const href = LINK;
function App() {
  const [[shown, times], set] = useState([true, 0]);
  window.show = (shown) => set(([, times]) => [shown, times + 1]);
  const link = createElement("a", { href, "data-times": times }, "Go");
  return shown && createElement("hubspot-connect", { "data-mode": "popup" }, link);
}
const app = createElement(StrictMode, null, createElement(App));
createRoot(document.querySelector("main")).render(app);
"""
VUE = """
import { createApp, h } from "vue";
const href = LINK;
createApp({
  data: () => ({ shown: true, times: 0 }),
  mounted() {
    window.show = (shown) => {
      this.shown = shown;
      this.times += 1;
    };
  },
  render() {
    const link = h("a", { href, "data-times": this.times }, "Go");
    return this.shown ? h("hubspot-connect", { "data-mode": "popup" }, [link]) : null;
  },
}).mount("main");
"""
SVELTE = """
<script>
  let { href } = $props();
  let shown = $state(true);
  let times = $state(0);
  window.show = (now) => {
    shown = now;
    times += 1;
  };
</script>
{#if shown}
  <hubspot-connect data-mode="popup"><a {href} data-times={times}>Go</a></hubspot-connect>
{/if}
"""
SVELTE_MAIN = """
import { mount } from "svelte";
mount(App, { target: document.querySelector("main"), props: { href: LINK } });
"""
COMPILE = """
import { readFileSync } from "node:fs";
import { compile } from "svelte/compiler";
const { js } = compile(readFileSync(0, "utf8"), { name: "App" });
process.stdout.write(js.code.replace("export default ", ""));
"""
LIT = """
import { LitElement, html } from "lit";
customElements.define("connect-card", class extends LitElement {
  static properties = { shown: { state: true }, times: { state: true } };
  constructor() {
    super();
    Object.assign(this, { shown: true, times: 0 });
    window.show = (shown) => Object.assign(this, { shown, times: this.times + 1 });
  }
  render() {
    const link = html`<a href=${LINK} data-times=${this.times}>Go</a>`;
    return this.shown ? html`<hubspot-connect data-mode="popup">${link}</hubspot-connect>` : "";
  }
});
document.querySelector("main").append(document.createElement("connect-card"));
"""
REACT_18 = Path(__file__).parent / "react-18"


def run(command: list[str], source: str, folder: Path) -> str:
    """What a program of npm's makes of *source*, with the packages of this *folder*."""
    built = subprocess.run(
        command, input=source, cwd=folder, stdout=subprocess.PIPE, check=True, text=True
    )
    return built.stdout


def bundle(source: str, folder: Path = PACKAGES.parent) -> str:
    """One script of *source* and of what it imports."""
    esbuild = str(PACKAGES / ".bin" / "esbuild")
    options = ["--bundle", '--define:process.env.NODE_ENV="development"', "--conditions=browser"]
    return run([esbuild, *options], source.replace("LINK", LINK), folder)


def compile_svelte() -> str:
    """A script that defines the component ``App``."""
    return run(["node", "--input-type=module", "--eval", COMPILE], SVELTE, PACKAGES.parent)


SCRIPTS = {
    "react-18": lambda: bundle(REACT, REACT_18),
    "react-19": lambda: bundle(REACT),
    "vue": lambda: bundle(VUE),
    "svelte": lambda: bundle(compile_svelte() + SVELTE_MAIN),
    "lit": lambda: bundle(LIT),
}
"""By name, what makes the script of a page in this framework."""
