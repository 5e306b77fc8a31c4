// When htmx has fetched a region again: open what the person had opened, and return the focus to where it was.
"use strict";
(() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
  let opened = [];
  let focused = null;

  const name = (one) => [one.tagName, one.getAttribute("href"), one.getAttribute("name"), one.textContent.trim()].join("\n");
  const region = (event) => document.getElementById(event.detail.target.id);

  document.addEventListener("htmx:beforeSwap", (event) => {
    const before = region(event);
    if (!before) return;
    opened = [...before.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
    const at = document.activeElement;
    const same = at && before.contains(at) && [...before.querySelectorAll(FOCUSABLE)].filter((one) => name(one) === name(at));
    focused = same ? { name: name(at), place: same.indexOf(at) } : null;
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const after = region(event);
    if (!after) return;
    for (const one of after.querySelectorAll("details > summary")) {
      if (opened.includes(one.textContent)) one.parentElement.open = true;
    }
    if (!focused) return;
    const same = [...after.querySelectorAll(FOCUSABLE)].filter((one) => name(one) === focused.name);
    const at = same[focused.place] || same[0];
    if (at) at.focus({ preventScroll: true });
    focused = null;
  });
})();
