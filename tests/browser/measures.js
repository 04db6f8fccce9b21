// What can only be measured where the page is drawn: axe-core passes over the text in charts.
() => {
  const SLACK = 1.5; // Chromium measures fractions of a pixel, the page is laid out in whole ones.
  const clear = (color) => /, 0\)$/.test(color);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!clear(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\d.]+/g).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (shape) => {
    const colors = [getComputedStyle(shape).fill, behind(shape.closest("svg"))];
    const [low, high] = colors.map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const inside = (box, outer) => box.left >= outer.left - SLACK && box.right <= outer.right + SLACK
    && box.top >= outer.top - SLACK && box.bottom <= outer.bottom + SLACK;
  const all = (selector) => [...document.querySelectorAll(selector)];
  return {
    width: document.documentElement.scrollWidth,
    surfaces: all("body, body *").map((e) => getComputedStyle(e).backgroundColor).filter((color) => !clear(color)),
    handlers: all("*").flatMap((e) => e.getAttributeNames()).filter((name) => name.startsWith("on")),
    cutTables: all(".scroll").filter((e) => e.scrollWidth > e.clientWidth).length,
    bars: all("svg .series rect").map(contrast),
    texts: all("svg text").filter((e) => e.textContent.trim()).map((e) => {
      const svg = e.closest("svg"), outer = svg.getBoundingClientRect();
      return {
        text: e.textContent,
        uncut: inside(e.getBoundingClientRect(), outer),
        contrast: contrast(e),
        pixels: parseFloat(getComputedStyle(e).fontSize) * outer.width / svg.viewBox.baseVal.width,
      };
    }),
  };
}
