"use strict";
/* What the desk does better with a script: copy a secret, judge addresses while they are typed, filter scopes. */
(() => {
  const WAIT = 350;

  function copyButtons() {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = button.dataset.done;
      });
    }
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  const TONES = { error: "danger", warning: "warn", fine: "good" };

  function drawn(box, area, entry) {
    const item = element("li", `desk-uri desk-uri--${entry.verdict}`);
    item.append(
      element("span", `desk-badge desk-badge--${TONES[entry.verdict]}`, entry.words),
      " ",
      element("code", "desk-code", entry.uri),
    );
    const reasons = element("ul", "desk-reasons");
    for (const finding of entry.findings) {
      const reason = element("li", `desk-reason desk-reason--${finding.severity}`, `${finding.message} `);
      reason.append(element("span", "desk-quiet", finding.reference));
      if (finding.suggestion) reason.append(suggestion(box, area, entry.uri, finding.suggestion));
      reasons.append(reason);
    }
    if (entry.findings.length) item.append(reasons);
    return item;
  }

  function suggestion(box, area, uri, instead) {
    const line = element("span", "desk-suggestion", `${box.dataset.instead} `);
    const use = element("button", "button", box.dataset.use);
    use.type = "button";
    use.addEventListener("click", () => {
      area.value = area.value.split("\n").map((text) => (text === uri ? instead : text)).join("\n");
      area.dispatchEvent(new Event("input"));
      area.focus();
    });
    line.append(element("code", "desk-code", instead), " ", use);
    return line;
  }

  function lines(form, name) {
    const field = form.elements[name];
    return field ? field.value.split("\n") : [];
  }

  function judge(box) {
    const area = box.querySelector("textarea");
    const list = box.querySelector(".desk-uris__list");
    const form = area.form;
    let timer = 0;
    let asked = 0;

    async function ask() {
      const number = (asked += 1);
      const answer = await fetch(box.dataset.hints, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
        },
        body: JSON.stringify({
          lines: area.value.split("\n"),
          origins: lines(form, "allowed_origins"),
          kind: form.elements.kind.value,
          environment: form.elements.environment.value,
          purpose: box.dataset.purpose,
        }),
      });
      if (!answer.ok || number !== asked) return;
      const { entries } = await answer.json();
      list.replaceChildren(...entries.map((entry) => drawn(box, area, entry)));
    }

    function later() {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    }

    area.addEventListener("input", later);
    for (const name of ["environment", "allowed_origins"]) {
      if (form.elements[name]) form.elements[name].addEventListener("input", later);
    }
  }

  const MANY = 8;

  function filterScopes(box) {
    const rows = [...box.querySelectorAll("tr[data-words]")];
    if (rows.length < MANY) return;
    const field = element("input", "desk-scopes__filter");
    field.type = "search";
    field.setAttribute("aria-label", box.dataset.filterLabel);
    field.placeholder = box.dataset.filterLabel;
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase();
      for (const row of rows) row.hidden = !row.dataset.words.toLowerCase().includes(wanted);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    box.prepend(field);
  }

  /* Django's choosers have no name of their own; they get that of their field, and say what is chosen. */
  function labelOf(element) {
    const label = element.closest(".form-row, .desk-field")?.querySelector("label");
    return label ? label.textContent.trim().replace(/:$/, "") : document.title;
  }

  function nameSearchFields() {
    for (const field of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      field.setAttribute("aria-label", labelOf(field));
    }
    for (const chosen of document.querySelectorAll(".select2-selection__rendered[role=textbox]")) {
      const words = [labelOf(chosen), chosen.getAttribute("title")].filter(Boolean).join(": ");
      if (chosen.getAttribute("aria-label") !== words) chosen.setAttribute("aria-label", words);
    }
  }

  function watchSearchFields() {
    if (!document.querySelector(".admin-autocomplete")) return;
    new MutationObserver(nameSearchFields).observe(document.body, { childList: true, subtree: true });
    nameSearchFields();
  }

  /* On a phone a row is a card: each cell then says what its column is called. Where that changes how the
     table is laid out, its roles are written down, so that it is still read as a table. */
  function nameCells() {
    for (const table of document.querySelectorAll("#result_list, .desk-table")) {
      const heads = [...table.querySelectorAll(":scope > thead th")];
      if (heads.length < 3) continue;
      const names = heads.map((head) => (head.querySelector(".text") || head).textContent.trim());
      table.classList.add("desk-stack");
      table.setAttribute("role", "table");
      for (const part of table.querySelectorAll(":scope > thead, :scope > tbody")) part.setAttribute("role", "rowgroup");
      for (const head of heads) head.setAttribute("role", "columnheader");
      for (const row of table.rows) {
        row.setAttribute("role", "row");
        if (row.parentElement.tagName === "TBODY" && row.cells.length === heads.length) nameRow(row, names);
      }
    }
  }

  const NOTHING = new Set(["", "-", "–"]);

  function nameRow(row, names) {
    const title = [...row.cells].find((cell) => !cell.classList.contains("action-checkbox"));
    [...row.cells].forEach((cell, place) => {
      cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      if (cell === title) cell.classList.add("desk-stack__title");
      else if (names[place]) cell.dataset.label = names[place];
      if (NOTHING.has(cell.textContent.trim()) && !cell.querySelector("input, select, img")) {
        cell.classList.add("desk-stack__none");
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    copyButtons();
    nameCells();
    watchSearchFields();
    document.querySelectorAll(".desk-uris[data-hints]").forEach(judge);
    document.querySelectorAll(".desk-scopes").forEach(filterScopes);
  });
})();
