"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const drawer = `course gallery ${data.assignment} ${data.class}`;
  const articles = [...document.querySelectorAll("article")];
  const waiting = articles.filter((article) => "waits" in article.dataset);
  const large = find("large");
  let marks = new Map(); // code -> {points: {criterion: points}, comment, drawing}
  let now = articles[0];
  let enlarged = now; // whose picture the dialog shows

  // --- marks ---

  const blank = (article) => ({ points: {}, comment: "", drawing: article.dataset.drawing });
  const mark = (article) => marks.get(article.dataset.code) ?? blank(article);
  const complete = (article) =>
    data.rubric.every((criterion) => criterion.name in mark(article).points);
  const round = (value) => Math.round(value * 100) / 100;

  function change(article, edit) {
    const changed = structuredClone(mark(article));
    edit(changed);
    changed.drawing = article.dataset.drawing;
    marks.set(article.dataset.code, changed);
    show(article);
    progress();
    keep();
  }

  function keep() {
    try {
      localStorage.setItem(drawer, JSON.stringify(Object.fromEntries(marks)));
    } catch {
      say("This browser keeps nothing of the page: save the marks to a file before you close it.");
    }
  }

  /** Marks as plain data, without what is not of this page; the number of outdated ones. */
  function sift(plain) {
    const sifted = new Map();
    let outdated = 0;
    for (const article of waiting) {
      const found = plain[article.dataset.code];
      if (!found || typeof found !== "object") continue;
      const one = blank(article);
      if (typeof found.comment === "string") one.comment = found.comment.slice(0, 5000);
      const same = found.drawing === one.drawing;
      if (!same) outdated += 1;
      for (const criterion of data.rubric) {
        const value = found.points?.[criterion.name];
        const known = criterion.levels.some((level) => level.points === value);
        if (same && known) one.points[criterion.name] = value;
      }
      sifted.set(article.dataset.code, one);
    }
    return [sifted, outdated];
  }

  function recall() {
    let plain = {};
    try {
      plain = JSON.parse(localStorage.getItem(drawer) ?? "{}") ?? {};
    } catch {
      say("What this browser kept of the marks cannot be read.");
    }
    const [sifted, outdated] = sift(plain);
    marks = sifted;
    if (outdated) say(`${outdated} drawings have changed since you marked them: mark them again.`);
  }

  function save() {
    const given = waiting.filter(
      (one) => Object.keys(mark(one).points).length || mark(one).comment,
    );
    const plain = Object.fromEntries(given.map((one) => [one.dataset.code, mark(one)]));
    const file = { format: 1, assignment: data.assignment, class: data.class, marks: plain };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(
      new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }),
    );
    link.download = `${data.assignment}_marks.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    const open = waiting.filter((one) => !complete(one)).length;
    say(
      `Saved as ${link.download}, with ${waiting.length - open} marked and ${open} open. Then: ` +
        `course gallery ${data.assignment} --import ${link.download}`,
    );
  }

  async function load(file) {
    let read;
    try {
      read = JSON.parse(await file.text());
    } catch {
      return say(`${file.name} is no file of marks.`);
    }
    if (read?.format !== 1 || read.assignment !== data.assignment || read.class !== data.class) {
      return say(`${file.name} is of another class or assignment; nothing was loaded.`);
    }
    const [sifted, outdated] = sift(read.marks ?? {});
    const given = (one) => one && (Object.keys(one.points).length || one.comment);
    const other = [...sifted].filter(
      ([code, one]) => given(marks.get(code)) && plainly(marks.get(code)) !== plainly(one),
    );
    const question = `${other.length} drawings have other marks here. Take those of the file?`;
    if (other.length && !confirm(question)) return say("Nothing was loaded.");
    for (const [code, one] of sifted) marks.set(code, one);
    showAll();
    keep();
    const late = outdated ? ` ${outdated} are of drawings that have changed: mark them again.` : "";
    return say(`Loaded ${sifted.size} drawings' marks from ${file.name}.${late}`);
  }

  const plainly = (one) =>
    JSON.stringify([one.comment, data.rubric.map((criterion) => one.points[criterion.name])]);

  // --- what is seen ---

  function say(text) {
    find("message").textContent = text;
  }

  function build(article) {
    article.append(find("rubric").content.cloneNode(true));
    const code = article.dataset.code;
    for (const field of article.querySelectorAll("fieldset")) {
      for (const radio of field.querySelectorAll("input")) {
        radio.name = `${code}-${field.dataset.criterion}`;
        radio.addEventListener("change", () => choose(field, Number(radio.value)));
      }
    }
    const text = article.querySelector("textarea");
    text.addEventListener("input", () => change(article, (one) => (one.comment = text.value)));
    article.querySelector(".clear").addEventListener("click", () => {
      change(article, (one) => (one.points = {}));
    });
  }

  function choose(field, level) {
    const criterion = data.rubric[field.dataset.criterion];
    change(field.closest("article"), (one) => {
      if (level < 0) delete one.points[criterion.name];
      else one.points[criterion.name] = criterion.levels[level].points;
    });
  }

  function show(article) {
    const one = mark(article);
    const given = Object.values(one.points);
    for (const field of article.querySelectorAll("fieldset")) {
      const criterion = data.rubric[field.dataset.criterion];
      field.querySelectorAll("input").forEach((radio, level) => {
        radio.checked = criterion.levels[level].points === one.points[criterion.name];
      });
    }
    const text = article.querySelector("textarea");
    if (text.value !== one.comment) text.value = one.comment;
    const sum = round(given.reduce((total, value) => total + value, 0));
    const done = complete(article);
    article.classList.toggle("done", done);
    article.querySelector(".sum").textContent = done
      ? `✓ ${sum} of ${round(data.most)} points`
      : given.length
        ? `${sum} points so far, ${data.rubric.length - given.length} to choose`
        : "not yet marked";
  }

  function progress() {
    const done = waiting.filter(complete).length;
    find("progress").textContent = `${done} of ${waiting.length} marked`;
    find("bar").max = waiting.length || 1;
    find("bar").value = done;
  }

  function filter() {
    const only = find("unmarked").checked;
    for (const one of articles) {
      const open = "waits" in one.dataset && !complete(one);
      one.hidden = only && !open && one !== now;
    }
    find("none").hidden = articles.some((one) => !one.hidden);
  }

  function showAll() {
    waiting.forEach(show);
    progress();
    filter();
  }

  // --- from one drawing to the next ---

  function select(article) {
    now?.classList.remove("now");
    now = article;
    now?.classList.add("now");
    find("here").textContent = now ? now.querySelector("h2 span").textContent : "";
  }

  /** The drawing that a person is at: the last one used, or the first in view. */
  function current() {
    const inView = (one) => {
      const box = one.getBoundingClientRect();
      return !one.hidden && box.bottom > 120 && box.top < innerHeight - 60;
    };
    return now && inView(now) ? now : (articles.find(inView) ?? now);
  }

  function wait(field) {
    const radio = field.querySelector(":checked") ?? field.querySelector("input");
    radio.focus({ preventScroll: true });
    field.scrollIntoView({ block: "nearest" });
  }

  function enter(article) {
    const fields = [...article.querySelectorAll("fieldset")];
    const open = fields.find((field) => !field.querySelector(":checked")) ?? fields[0];
    if (open) wait(open);
    else article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "start" });
  }

  function move(step) {
    const at = large.open ? enlarged : current();
    const fits = (one) => !one.hidden && (!large.open || one.querySelector("img"));
    const shown = articles.filter((one) => one === at || fits(one));
    const next = shown[shown.indexOf(at) + step];
    if (!next) return;
    select(next);
    filter();
    if (large.open) enlarge(next, "drawing");
    else enter(next);
  }

  // --- the large picture ---

  function enlarge(article, which) {
    const image = article.querySelector(`img.${which}`) ?? article.querySelector("img");
    if (!image) return;
    enlarged = article;
    const sheet = large.querySelector("img");
    sheet.src = image.src;
    sheet.alt = image.alt;
    large.dataset.which = image.className;
    const [width, height] = ["width", "height"].map((side) => Number(image.getAttribute(side)));
    const fitting = Math.min(innerWidth - 24, ((innerHeight - 70) * width) / height);
    sheet.style.width = `${Math.max(fitting, width)}px`;
    find("other").hidden = article.querySelectorAll("img").length < 2;
    find("other").textContent = `Show the ${which === "drawing" ? "photo" : "drawing"}`;
    if (!large.open) large.showModal();
    large.querySelector(".sheet").focus();
  }

  find("other").addEventListener("click", () => {
    enlarge(enlarged, large.dataset.which === "drawing" ? "photo" : "drawing");
  });
  find("close").addEventListener("click", () => large.close());
  large.querySelector(".sheet").addEventListener("click", () => large.close());
  large.addEventListener("close", () => {
    // The browser gives the focus back to where it was; arrows may have led on since.
    if (!enlarged.contains(document.activeElement)) enter(enlarged);
  });

  // --- keys ---

  const steps = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 };

  function digit(event, key) {
    const field =
      event.target.closest("fieldset") ??
      [...(current()?.querySelectorAll("fieldset") ?? [])].find((one) => !one.querySelector(":checked"));
    if (!field) return;
    const level = data.rubric[field.dataset.criterion].levels.findIndex((one) => one.key === key);
    if (level < 0) return;
    choose(field, level);
    const next = field.nextElementSibling;
    wait(next?.matches("fieldset") ? next : field);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = event.target.closest("fieldset");
    if (event.target.matches("textarea")) {
      if (event.key === "Escape") enter(event.target.closest("article"));
      return;
    }
    if (event.key in steps) move(steps[event.key]);
    else if (large.open) return;
    else if (/^\d$/.test(event.key)) digit(event, event.key);
    else if (event.key === "Enter" && field) enlarge(now, "drawing");
    else if (event.key === "c" && current()) current().querySelector("textarea")?.focus();
    else if (event.key === "r") find("short").click();
    else if (["Delete", "Backspace"].includes(event.key) && field) choose(field, -1);
    else return;
    event.preventDefault();
  });

  // --- begin ---

  waiting.forEach(build);
  for (const article of articles) {
    article.addEventListener("focusin", () => select(article));
    article.addEventListener("pointerdown", () => select(article));
    for (const button of article.querySelectorAll(".pictures button")) {
      button.addEventListener("click", () => enlarge(article, button.firstElementChild.className));
    }
  }
  find("before").addEventListener("click", () => move(-1));
  find("next").addEventListener("click", () => move(1));
  find("save").addEventListener("click", save);
  find("load").addEventListener("change", async (event) => {
    if (event.target.files.length) await load(event.target.files[0]);
    event.target.value = "";
  });
  find("unmarked").addEventListener("change", () => {
    filter();
    const first = articles.find((one) => !one.hidden);
    if (now?.hidden && first) select(first);
  });
  find("short").addEventListener("change", () => {
    document.body.classList.toggle("short", find("short").checked);
    now?.scrollIntoView({ block: "start" });
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== drawer) return;
    recall(); // marks given in another window
    showAll();
  });
  recall();
  select(waiting.find((one) => !complete(one)) ?? articles[0]);
  showAll();
})();
