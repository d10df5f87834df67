// What the host gives and what is ours, as the browser has it in the end.
() => {
  const style = (found) => getComputedStyle(found);
  const all = (selector) => [...document.querySelectorAll(`.pk-setup ${selector}`)];
  const buttons = (selector) => all(`.pk-button${selector}`).filter((each) => each.checkVisibility());
  const size = (found) => parseFloat(style(found).fontSize);
  const setup = document.querySelector(".pk-setup");
  const [host, mine] = [style(setup.parentElement), style(setup)];
  const inherited = ["fontFamily", "fontSize", "color", "lineHeight"];
  return {
    taken: inherited.filter((each) => mine[each] !== host[each]),
    grounds: [setup, ...all(".pk-panel, .pk-note")].map((each) => style(each).backgroundColor),
    headings: all(":is(h1, h2)").map((each) => {
      const around = each.parentElement;
      const isInked = style(each).color === style(around).color;
      return [each.localName, size(each) / size(around), Number(style(each).fontWeight), isInked];
    }),
    margins: all(":is(h1, h2, h3, ul, dl, dd)").map((each) => style(each).margin),
    lists: all("ul").map((each) => style(each).listStyleType),
    lines: buttons(":is(a)").map((each) => style(each).textDecorationLine),
    heights: buttons("").map((each) => each.getBoundingClientRect().height),
    filled: buttons(":not(.pk-quiet)").map((each) => [style(each).backgroundColor, style(each).color]),
    quiet: buttons(".pk-quiet:not(.pk-leave)").map((each) => {
      const { backgroundColor, borderTopStyle, borderTopWidth } = style(each);
      return [backgroundColor, borderTopStyle, borderTopWidth];
    }),
  };
}
