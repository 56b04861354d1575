"use strict";
// All of this is comfort: without it every scenario is listed, and every link leads somewhere.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  all(".js:not(.none-found)").forEach((each) => { each.hidden = false; });

  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[data-verdict][hidden], .group[hidden]") && form) { form.reset(); apply(); }
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    target.scrollIntoView();
    (target.querySelector(":scope > summary") || target).focus({ preventScroll: true });
  };

  const form = document.querySelector("form.filter");
  const scenarios = all(".scenario");
  const fits = (each, verdicts, tag, words) =>
    verdicts.has(each.dataset.verdict)
    && (!tag || each.dataset.tags.split("\t").includes(tag))
    && words.every((word) => each.dataset.text.includes(word));
  const apply = () => {
    const verdicts = new Set(all("input[name=verdict]:checked", form).map((box) => box.value));
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const each of scenarios) {
      each.hidden = !fits(each, verdicts, form.elements.tag.value, words);
      shown += each.hidden ? 0 : 1;
    }
    for (const group of all(".group")) group.hidden = !group.querySelector(".scenario:not([hidden])");
    form.querySelector("[role=status]").textContent = `${shown} of ${scenarios.length} scenarios`;
    document.querySelector(".none-found").hidden = shown > 0;
  };

  if (form) {
    form.addEventListener("input", apply);
    form.addEventListener("change", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    all("[data-all]", form).forEach((button) => button.addEventListener("click", () => {
      for (const each of scenarios) if (!each.hidden) each.open = button.dataset.all === "open";
    }));
    all(".counts a[data-verdict]:not(.none)").forEach((link) => link.addEventListener("click", () => {
      form.reset();
      for (const box of all("input[name=verdict]", form)) box.checked = box.value === link.dataset.verdict;
      apply();
    }));
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        form.elements.text.focus();
      }
    });
    apply();
  }
  all("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      button.textContent = "selected";
    }
  }));
  addEventListener("hashchange", open);
  open();
})();
