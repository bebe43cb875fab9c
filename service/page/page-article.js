// An article of GET /v1/articles/{id}: what is known of it, and its text with a quotation marked.
import { addressOf, day, element, fetched, link, named, onTheWeb, pageOf, slice } from "./page-elements.js";

const MOST = 60000; // characters shown on each side of a quotation, or from the beginning

function paragraphs(text) {
  return text.split(/\n{2,}/).filter((one) => one.trim()).map((one) => element("p", "", one));
}

function known(article) {
  const rows = [
    ["Publisher", article.publisher], ["Author", article.author], ["Published", day(article.published)],
    ...Object.entries(article.facets).map(([name, values]) => [named(name), values.join("; ")]),
    ["Revision", `${article.revision} of ${article.revisions.length}, taken in ${day(article.taken_in.slice(0, 10))}`],
    ["SHA-256 of the text", article.sha256],
  ].filter(([, value]) => value);
  return element("dl", "", rows.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]));
}

function remarks(article) {
  const told = [];
  if (article.withdrawn) told.push(["This article was withdrawn; no answer quotes it any more."]);
  if (article.superseded_by) {
    const newer = { article_id: article.article_id, revision: article.superseded_by };
    told.push(["This is an earlier revision. ", link(pageOf(newer), `Read revision ${article.superseded_by}`), "."]);
  }
  for (const other of article.variants) {
    const words = other.differences.map((one) => `“${one.here}” here, “${one.there}” there`).join("; ");
    told.push(["Nearly the same article: ", link(pageOf(other), other.title || other.article_id), words ? ` (${words})` : ""]);
  }
  return told.map((one) => element("p", "notice", one));
}

function textOf(article, start, end) {
  const body = element("div", "text");
  if (article.language) body.lang = article.language;
  if (start === null) return [body, paragraphs(slice(article.text, 0, MOST)), article.length > MOST];
  const first = Math.max(0, start - MOST);
  const mark = element("mark", "", slice(article.text, start, end));
  mark.id = "quote";
  mark.tabIndex = -1;
  const before = slice(article.text, first, start), after = slice(article.text, end, end + MOST);
  // The paragraph that holds the quotation keeps it between what stands before and after it.
  const cut = before.lastIndexOf("\n\n"), till = after.indexOf("\n\n");
  const holder = element("p", "", cut < 0 ? before : before.slice(cut + 2), mark, till < 0 ? after : after.slice(0, till));
  const parts = [...paragraphs(before.slice(0, Math.max(0, cut))), holder, ...(till < 0 ? [] : paragraphs(after.slice(till)))];
  return [body, parts, first > 0 || end + MOST < article.length];
}

export async function articlePage(wanted) {
  const number = (name) => (/^\d+$/.test(wanted.get(name) || "") ? Number(wanted.get(name)) : null);
  const id = wanted.get("article"), revision = number("revision");
  const address = addressOf(id) + (revision === null ? "" : `?revision=${revision}`);
  const article = await fetched(address);
  const [from, to] = [number("start"), number("end")];
  const there = from !== null && to !== null && from < to && to <= article.length;
  const [body, parts, shortened] = textOf(article, there ? from : null, to);
  body.append(...parts);
  const title = article.title || article.article_id;
  document.title = `${title} – civicite`;
  const web = onTheWeb(article.url) ? element("p", "places", link(article.url, "At the publisher")) : null;
  const about = element("details", "", element("summary", "", "About this article"), known(article));
  const byline = [article.publisher, day(article.published)].filter(Boolean).join(" · ");
  return [
    element("h2", "title", title),
    byline ? element("p", "source", byline) : "",
    web || "", ...remarks(article), about,
    shortened ? element("p", "note", "Only the part around the quotation is shown: ", link(address, "all of it as JSON"), ".") : "",
    body,
  ];
}
