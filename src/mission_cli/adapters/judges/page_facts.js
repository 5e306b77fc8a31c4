// Runs in an isolated world, so the page's scripts cannot change the result.
(() => {
  const cut = (text, size) => (text || "").replace(/\s+/g, " ").trim().slice(0, size);
  const body = document.body;
  const text = body ? body.innerText : "";
  const drawn = body ? [...body.querySelectorAll("img, svg, canvas, video, iframe, input, button, object")] : [];
  const seen = drawn.some((one) => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1; });
  const links = [];
  for (const one of document.querySelectorAll("a[href]")) {
    const anchor = one.getAttribute("href");
    const wanted = anchor.startsWith("#") && anchor.length > 1 ? decodeURIComponent(anchor.slice(1)) : "";
    const missing = wanted && wanted !== "top" && !document.getElementById(wanted) &&
      !document.getElementsByName(wanted).length && !wanted.startsWith("/") && !wanted.startsWith("!");
    links.push({ href: one.href, anchor: missing ? anchor : "", text: cut(one.innerText || one.ariaLabel, 60) });
  }
  const root = document.documentElement;
  return JSON.stringify({
    url: location.href, title: document.title, text: text.slice(0, 500000), empty: !text.trim() && !seen,
    links: links.slice(0, 1000), wide: root.scrollWidth, room: root.clientWidth,
  });
})()
