"""The element inside of what React and Vue render: mounted twice, rendered again, taken away."""

import subprocess

import pytest
from flask import Response
from playwright.sync_api import BrowserContext, expect

from browser.fronts import CONNECT_JS, PACKAGES, element, open_app
from browser.places import Place, at_hubspot, decide, wait_for_end

pytest_plugins = ("browser.surroundings",)

REACT = """
import { StrictMode, createElement, useState } from "react";
import { createRoot } from "react-dom/client";
const href = document.querySelector("template").content.querySelector("a").href;
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
const href = document.querySelector("template").content.querySelector("a").href;
Vue.createApp({
  data: () => ({ shown: true, times: 0 }),
  mounted() {
    window.show = (shown) => {
      this.shown = shown;
      this.times += 1;
    };
  },
  render() {
    const link = Vue.h("a", { href, "data-times": this.times }, "Go");
    return this.shown ? Vue.h("hubspot-connect", { "data-mode": "popup" }, [link]) : null;
  },
}).mount("main");
"""
VUE_JS = '<script src="/npm/vue/dist/vue.global.prod.js"></script>'


def bundle(source: str) -> str:
    """One script of *source* and of what it imports."""
    esbuild = PACKAGES / ".bin" / "esbuild"
    command = [str(esbuild), "--bundle", "--jsx=automatic"]
    built = subprocess.run(
        command, input=source, cwd=PACKAGES.parent, stdout=subprocess.PIPE, check=True, text=True
    )
    return built.stdout


@pytest.mark.parametrize("framework", ["react-strict", "vue"])
def test_it_lives_in_a_framework(person: BrowserContext, place: Place, framework: str) -> None:
    """Rendered again it keeps its row; taken away while it waits and mounted again, it goes on."""
    script = bundle(REACT) if framework == "react-strict" else VUE
    place.app.add_url_rule("/app.js", "js", lambda: Response(script, mimetype="text/javascript"))
    head = CONNECT_JS + ("" if framework == "react-strict" else VUE_JS)
    body = f"<template>{element()}</template><main></main><script src='/app.js'></script>"
    tab = open_app(person, place, head=head, body=f"<body>{body}</body>")
    tab.wait_for_selector("hubspot-connect[state=idle]")
    tab.evaluate("show(true)")
    popup = at_hubspot(tab)
    tab.evaluate("show(true)")
    expect(tab.get_by_role("button", name="Show window")).to_be_visible()
    tab.evaluate("show(false)")
    expect(tab.locator("hubspot-connect")).to_have_count(0)
    tab.evaluate("show(true)")
    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    expect(tab.locator("hubspot-connect [aria-live]")).to_have_count(1)
    decide(popup, "approve")

    wait_for_end(tab, "connected")
