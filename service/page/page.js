// The question page: asks POST /v1/ask and shows what comes back. All text is set as text, never as markup.
"use strict";

const find = (id) => document.getElementById(id);
const form = find("form"), question = find("question"), state = find("state"), answer = find("answer");
let latest = 0;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function link(address, ...children) {
  const made = element("a", "", ...children);
  made.href = address;
  return made;
}

function onTheWeb(address) {
  return /^https?:\/\//i.test(address || "");
}

function hereAt(one) {
  const place = encodeURIComponent(one.article_id).replaceAll("%2F", "/");
  return `v1/articles/${place}?revision=${one.revision}&start=${one.start}&end=${one.end}`;
}

function source(one) {
  const parts = [one.publisher, one.published, one.page ? `page ${one.page}` : null];
  return parts.filter(Boolean).join(", ");
}

function notes(one) {
  const told = [];
  if (one.withdrawn) told.push("This article was withdrawn.");
  if (one.superseded_by) told.push(`The article has a newer revision, ${one.superseded_by}.`);
  if (one.also_in && one.also_in.length) told.push(`Also in ${one.also_in.map((other) => other.title || other.article_id).join("; ")}.`);
  return told.map((text) => element("p", "", text));
}

function quotation(one) {
  const card = element("li", "card");
  card.id = `quotation-${one.id}`;
  const around = (text) => element("span", "around", text);
  // Only whole words around a quotation: what stands there was cut by length.
  const before = one.prefix.replace(/^\S*\s/, "… "), after = one.suffix.replace(/\s\S*$/, " …");
  const title = one.title || one.article_id;
  card.append(
    element("h3", "", `[${one.id}] `, onTheWeb(one.link || one.url) ? link(one.link || one.url, title) : title),
    element("blockquote", "", around(before), element("mark", "", one.quote), around(after)),
  );
  if (source(one)) card.append(element("p", "", source(one)));
  card.append(...notes(one));
  const place = `characters ${one.start}–${one.end} of revision ${one.revision}`;
  card.append(element("p", "", "Checked against the stored text: ", link(hereAt(one), place)));
  return card;
}

function passage(one) {
  const card = element("li", "card", element("h3", "", one.title || one.article_id));
  card.append(element("blockquote", "", one.text), ...notes({ ...one, also_in: [] }));
  card.append(element("p", "", link(hereAt(one), `Characters ${one.start}–${one.end}`)));
  return card;
}

function conflict(one) {
  const values = (one.values || []).map((value) => {
    const cited = value.citation || {};
    const where = [cited.title || cited.article_id, value.published].filter(Boolean).join(", ");
    return element("li", "", `${value.value} – ${where}`);
  });
  return element("div", "notice", element("strong", "", "Sources differ: "), one.about || "", element("ul", "", ...values));
}

function sentenceText(sentence) {
  if (!sentence.focus) return [sentence.text];
  // Offsets count code points; JavaScript's own strings count UTF-16 units.
  const characters = Array.from(sentence.text), [start, end] = sentence.focus;
  const part = (from, to) => characters.slice(from, to).join("");
  return [part(0, start), element("strong", "", part(start, end)), part(end)];
}

function answered(found) {
  const said = element("p", "said");
  for (const sentence of found.sentences) {
    if (sentence.context) said.append(element("span", "around", `${sentence.context} `));
    said.append(...sentenceText(sentence), " ");
    for (const number of sentence.citations) {
      const mark = link(`#quotation-${number}`, `[${number}]`);
      mark.setAttribute("aria-label", `quotation ${number}`);
      said.append(mark, " ");
    }
  }
  const sure = `Confidence ${Math.round(100 * found.confidence)} %.`;
  const since = found.answered_as_of ? ` As of ${found.answered_as_of}.` : "";
  const open = (found.parts || []).filter((part) => !part.answered);
  return [
    said,
    element("p", "sure", sure + since),
    ...open.map((part) => element("p", "notice", `The articles do not answer this part: ${part.text}`)),
    ...(found.conflicts || []).map(conflict),
    element("h2", "", found.citations.length > 1 ? "Quotations" : "Quotation"),
    element("ol", "", ...found.citations.map(quotation)),
  ];
}

function abstained(found) {
  const shown = [
    element("p", "said", "The articles do not answer this."),
    element("p", "notice", found.message || "", found.advice ? ` ${found.advice}` : ""),
  ];
  if (found.passages.length) {
    shown.push(element("h2", "", "The nearest passages, which may or may not help"));
    shown.push(element("ul", "", ...found.passages.slice(0, 5).map(passage)));
  }
  return shown;
}

async function fetched(text) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const key = find("key").value.trim() || sessionStorage.getItem("key");
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = JSON.stringify({ question: text });
  const response = await fetch("v1/ask", { method: "POST", headers, body });
  const content = await response.json();
  if (response.status === 401) {
    sessionStorage.removeItem("key");
    find("key-row").hidden = false;
    find("key").focus();
  } else if (key) {
    sessionStorage.setItem("key", key);
  }
  if (!response.ok) throw new Error(content.detail || `the server answered ${response.status}`);
  return content;
}

async function ask(text) {
  const mine = ++latest;
  state.textContent = "Looking …";
  answer.hidden = true;
  form.querySelector("button").disabled = true;
  try {
    const found = await fetched(text);
    if (mine !== latest) return;
    answer.replaceChildren(...(found.abstained ? abstained(found) : answered(found)));
    answer.hidden = false;
    const count = found.citations.length;
    state.textContent = found.abstained ? "No answer." : `${count} ${count > 1 ? "quotations" : "quotation"}.`;
    document.title = `${text} – civicite`;
  } catch (error) {
    if (mine === latest) state.textContent = `That did not work: ${error.message}.`;
  } finally {
    if (mine === latest) form.querySelector("button").disabled = false;
  }
}

function askFromAddress() {
  const text = new URLSearchParams(location.search).get("question");
  if (text && text.trim()) {
    question.value = text;
    ask(text);
  } else {
    question.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text) return;
  history.pushState(null, "", `?question=${encodeURIComponent(text)}`);
  ask(text);
});
addEventListener("popstate", () => {
  if (!location.hash) askFromAddress();
});
askFromAddress();
