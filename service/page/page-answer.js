// An answer of POST /v1/ask as elements: sentences, quotations, conflicts; or an abstention and what to try.
import { button, day, element, link, onTheWeb, pageOf, posted, slice, surroundings } from "./page-elements.js";

const CONTEXT = 220; // characters shown on each side of a quotation

function notes(one) {
  const told = [];
  if (one.withdrawn) told.push("This article was withdrawn.");
  if (one.superseded_by) told.push(`The article has a newer revision, ${one.superseded_by}.`);
  if (one.also_in && one.also_in.length) told.push(`Also in ${one.also_in.map((other) => other.title || other.article_id || other).join("; ")}.`);
  return told.map((text) => element("p", "note", text));
}

function source(one) {
  const parts = [one.publisher, day(one.published), one.page ? `page ${one.page}` : null].filter(Boolean);
  return parts.length ? element("p", "source", parts.join(" · ")) : null;
}

// Paragraphs stay apart, without the empty line between them.
const closely = (text) => text.replace(/\n{2,}/g, "\n");

// What stands around a quotation, from the passage that holds it, else the few words that the citation brings.
function contextOf(one, passages) {
  const holder = passages.find((passage) => passage.article_id === one.article_id &&
    passage.revision === one.revision && passage.start <= one.start && passage.end >= one.end);
  const wide = holder && slice(holder.text, 0, one.start - holder.start);
  const cutBefore = (text) => text.replace(/^\S*\s/, "… "), cutAfter = (text) => text.replace(/\s\S*$/, " …");
  if (!holder) return surroundings(cutBefore(one.prefix), cutAfter(one.suffix));
  const before = Array.from(wide), after = Array.from(slice(holder.text, one.end - holder.start));
  const near = before.length > CONTEXT ? cutBefore(before.slice(-CONTEXT).join("")) : wide;
  const rest = after.length > CONTEXT ? cutAfter(after.slice(0, CONTEXT).join("")) : after.join("");
  return surroundings(closely(near), closely(rest));
}

function quotation(one, passages) {
  const card = element("li", "card");
  card.id = `quotation-${one.id}`;
  card.tabIndex = -1;
  const [before, after] = contextOf(one, passages);
  const title = element("h3", "", element("span", "number", `${one.id}`), " ", link(pageOf(one), one.title || one.article_id));
  const places = element("p", "places", link(pageOf(one), "Read it in the article"));
  if (onTheWeb(one.link || one.url)) places.append(link(one.link || one.url, "At the publisher"));
  card.append(title, ...[source(one)].filter(Boolean), element("blockquote", "", before, element("mark", "", one.quote), after), places, ...notes(one));
  return card;
}

function passage(one) {
  const card = element("li", "card", element("h3", "", link(pageOf(one), one.title || one.article_id)));
  const shown = slice(one.text, 0, 4 * CONTEXT); // its first lines; more would not be seen
  card.append(element("blockquote", "lines", closely(shown)), element("p", "places", link(pageOf(one), "Read it in the article")), ...notes({ ...one, also_in: [] }));
  return card;
}

const SETTLED = {
  correction: "The first comes from a later article that corrects the other.",
  later: "The first comes from the newest source.",
};

function conflict(one) {
  const sides = one.values.map((value) => {
    const cited = value.citation, title = link(pageOf(cited), cited.title || cited.article_id);
    const also = value.also_in.length ? element("p", "note", `Also in ${value.also_in.join("; ")}.`) : null;
    return element("li", "side", element("p", "value", value.value), element("blockquote", "", element("mark", "", cited.quote)),
      element("p", "source", title), source({ ...cited, published: value.published || cited.published }), also);
  });
  return element("section", "conflict", element("h2", "", "Sources differ"),
    element("p", "", `${one.about} ${SETTLED[one.settled] || "Nothing says which is right."}`), element("ul", "sides", sides));
}

function sentenceText(sentence) {
  if (!sentence.focus) return [sentence.text];
  const [start, end] = sentence.focus;
  return [slice(sentence.text, 0, start), element("strong", "", slice(sentence.text, start, end)), slice(sentence.text, end)];
}

function numberOf(number) {
  const mark = link(`#quotation-${number}`, `${number}`);
  mark.className = "number";
  mark.setAttribute("aria-label", `quotation ${number}`);
  mark.addEventListener("click", () => document.getElementById(`quotation-${number}`).focus());
  return mark;
}

// A sentence stands on its own: it was not written to follow the one before it.
function sentenceOf(sentence) {
  const context = sentence.context ? [element("span", "around", sentence.context), " "] : [];
  const numbers = sentence.citations.flatMap((number) => ["\u00a0", numberOf(number)]);
  return element("p", "", ...context, ...sentenceText(sentence), ...numbers);
}

const SURE = [[0.95, "Almost certain"], [0.85, "Very likely"], [0.7, "Likely"], [0.5, "More likely than not"], [0.25, "Uncertain"], [0, "Doubtful"]];

export function inWords(confidence) {
  return SURE.find(([least]) => confidence >= least)[1];
}

function sureness(found) {
  const hundred = Math.round(100 * found.confidence);
  const meter = element("meter", "");
  meter.min = 0; meter.max = 1; meter.value = found.confidence;
  meter.setAttribute("aria-hidden", "true");
  const since = found.answered_as_of ? ` As of ${day(found.answered_as_of)}.` : "";
  return element("p", "sure", meter, element("strong", "", `${inWords(found.confidence)}.`),
    ` Of 100 answers as sure as this one, about ${hundred} are right.${since}`);
}

function judgement(found) {
  const row = element("p", "judge", "Does this answer your question? ");
  const say = (verdict) => async () => {
    const { commit, generation, ranker } = found.index;
    try {
      await posted("v1/feedback", { question: found.question, verdict, index: { commit, generation, ranker } });
      row.replaceChildren("Thank you: it was noted for whoever runs this server.");
    } catch (error) {
      row.replaceChildren(`It could not be noted: ${error.message}.`);
    }
    row.setAttribute("role", "status");
  };
  row.append(button("Yes", say("right")), " ", button("No", say("wrong")));
  return row;
}

export function answered(found) {
  const said = element("div", "said", found.sentences.map(sentenceOf));
  const open = (found.parts || []).filter((part) => !part.answered);
  return [
    element("h2", "unseen", "Answer"),
    said,
    sureness(found),
    ...open.map((part) => element("p", "notice", `The articles do not answer this part: ${part.text}`)),
    ...found.conflicts.map(conflict),
    element("h2", "", found.citations.length > 1 ? "Quotations" : "Quotation"),
    element("ol", "cards", found.citations.map((one) => quotation(one, found.passages))),
    judgement(found),
  ];
}

// ``again`` asks with other wishes: without the filters, or with an answer however unsure.
export function abstained(found, again) {
  const tries = element("ul", "tries", (found.advice || "").split("\n").filter(Boolean).map((text) => element("li", "", text)));
  if (again.filtered) tries.append(element("li", "", button("Ask all articles, without the filters", again.unfiltered)));
  if (found.passages.length && found.reason !== "before_first_article") {
    tries.append(element("li", "", button("Show the likeliest sentence all the same", again.unsure)));
  }
  const shown = [
    element("h2", "unseen", "No answer"),
    element("p", "said", "The articles do not answer this."),
    element("p", "why", found.message || ""),
  ];
  if (tries.children.length) shown.push(element("h2", "", "What to try"), tries);
  if (found.passages.length) {
    shown.push(element("h2", "", "The nearest passages, which may or may not help"));
    shown.push(element("ul", "cards", found.passages.slice(0, 5).map(passage)));
  }
  return shown;
}
