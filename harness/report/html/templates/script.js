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
  const groupOf = new Map(scenarios.map((each) => [each, each.parentElement]));
  const selects = form ? all("select:not([name=sort])", form) : [];
  const boxes = form ? all("input[name=verdict]", form) : [];
  const orders = {
    slowest: (one, other) => other.dataset.seconds - one.dataset.seconds,
    fastest: (one, other) => one.dataset.seconds - other.dataset.seconds,
    name: (one, other) => one.dataset.name.localeCompare(other.dataset.name),
  };
  const fits = (each, verdicts, words) =>
    (!boxes.length || verdicts.has(each.dataset.verdict))
    && selects.every((one) => !one.value || each.dataset[one.name].split("\t").includes(one.value))
    && words.every((word) => each.dataset.text.includes(word));

  const sort = () => {
    const order = orders[form.elements.sort.value];
    const sorted = document.querySelector(".sorted");
    if (order) sorted.append(...[...scenarios].sort(order));
    else if (!sorted.hidden) for (const each of scenarios) groupOf.get(each).append(each);
    sorted.hidden = !order;
  };
  // What is left out of the address is as it is without a filter.
  const remember = () => {
    const words = new URLSearchParams();
    const chosen = boxes.filter((box) => box.checked);
    if (chosen.length < boxes.length) words.set("verdict", chosen.map((box) => box.value).join(","));
    for (const one of [...selects, form.elements.text, form.elements.sort]) {
      if (one.value) words.set(one.name, one.value);
    }
    const query = words.size ? `?${words}` : "";
    if (query !== location.search) history.replaceState(null, "", location.pathname + query + location.hash);
  };
  const recall = () => {
    const words = new URLSearchParams(location.search);
    if (words.has("verdict")) {
      const chosen = new Set(words.get("verdict").split(","));
      for (const box of boxes) box.checked = chosen.has(box.value);
    }
    for (const one of [...selects, form.elements.text, form.elements.sort]) {
      if (words.has(one.name)) one.value = words.get(one.name);
      if (one.tagName === "SELECT" && one.selectedIndex < 0) one.value = "";
    }
  };
  const apply = () => {
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const each of scenarios) {
      each.hidden = !fits(each, verdicts, words);
      shown += each.hidden ? 0 : 1;
    }
    sort();
    for (const group of all(".group")) group.hidden = !group.querySelector(".scenario:not([hidden])");
    form.querySelector("[role=status]").textContent = `${shown} of ${scenarios.length} ${form.dataset.what || "scenarios"}`;
    document.querySelector(".none-found").hidden = shown > 0;
    remember();
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
      for (const box of boxes) box.checked = box.value === link.dataset.verdict;
      apply();
    }));
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        form.elements.text.focus();
      }
    });
    recall();
    apply();
  }
  all("[data-copy]").forEach((button) => button.addEventListener("click", async () => {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "copied";
    } catch {
      // Where the clipboard is not given, the text is shown and selected.
      let shown = button.parentElement.querySelector("code, pre");
      if (!shown) {
        shown = document.createElement("pre");
        shown.tabIndex = 0;
        shown.textContent = button.dataset.copy;
        button.parentElement.after(shown);
      }
      getSelection().selectAllChildren(shown);
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = before; }, 3000);
  }));
  addEventListener("hashchange", open);
  open();
})();
