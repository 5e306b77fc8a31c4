"""Compare two pictures in the browser that made them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_COMPARE = """async ([first, second]) => {
  const read = async (data) => {
    const image = new Image();
    image.src = "data:image/png;base64," + data;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const area = canvas.getContext("2d", {willReadFrequently: true});
    area.drawImage(image, 0, 0);
    return area.getImageData(0, 0, image.width, image.height);
  };
  const [a, b] = [await read(first), await read(second)];
  if (a.width !== b.width || a.height !== b.height) return 100;
  let differ = 0;
  for (let at = 0; at < a.data.length; at += 4) {
    const most = Math.max(...[0, 1, 2, 3].map((n) => Math.abs(a.data[at + n] - b.data[at + n])));
    if (most > 24) differ += 1;
  }
  return 100 * differ / (a.width * a.height);
}"""


def percent_unlike(browser: Browser, before: bytes, now: bytes) -> float:
    """Return the percentage of pixels in which two PNG files differ; 100 if their sizes differ."""
    page = browser.new_page()
    try:
        return float(page.evaluate(_COMPARE, [base64.b64encode(one).decode() for one in (before, now)]))
    finally:
        page.close()
