// The question page: asks, shows what comes back, and reads articles. What is asked for stands in the address.
import { abstained, answered } from "./page-answer.js";
import { articlePage } from "./page-article.js";
import { element, fetched, find, named, posted, several } from "./page-elements.js";

const form = find("form"), question = find("question"), state = find("state"), answer = find("answer");
const MOST_FACETS = 8, LONGEST_VALUE = 60, MOST_VALUES = 300;
let latest = 0;

// Facets by which articles can be told apart: not those that hold something else for each article.
function useful(facets, articles) {
  const measured = Object.entries(facets).map(([name, values]) => {
    const short = Object.entries(values).filter(([value]) => value.length <= LONGEST_VALUE);
    const counts = short.sort((one, other) => other[1] - one[1]);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return { name, counts, shared: counts.filter(([, count]) => count > 1).length, total };
  });
  const fit = measured.filter(({ counts, shared, total }) => shared > 0 && counts.length > 1 && 4 * total >= articles);
  return fit.sort((one, other) => other.total - one.total).slice(0, MOST_FACETS);
}

function facetChoice({ name, counts }) {
  const select = element("select", "");
  select.id = `facet-${name}`;
  select.dataset.facet = name;
  select.append(element("option", "", "any"));
  select.firstChild.value = "";
  for (const [value, count] of counts.slice(0, MOST_VALUES)) {
    const option = element("option", "", `${value} (${count})`);
    option.value = value;
    select.append(option);
  }
  const label = element("label", "", named(name));
  label.htmlFor = select.id;
  return element("div", "", label, select);
}

async function showCollection() {
  const { facets, articles } = await fetched("v1/facets");
  find("facets").replaceChildren(...useful(facets, articles).map(facetChoice));
  find("filters").hidden = articles === 0;
  const top = useful(facets, articles).slice(0, 3).map(({ name, counts }) =>
    `${named(name)}: ${counts.slice(0, 4).map(([value]) => value).join(", ")}`);
  const told = [`This collection holds ${several(articles, "article", "articles")}`, ...top].join(" · ");
  find("collection").textContent = articles ? `${told} …` : "Nothing has been indexed yet.";
}

const choices = () => [...document.querySelectorAll("#facets select")];

function wishes() {
  const wanted = new URLSearchParams({ question: question.value.trim() });
  for (const select of choices()) if (select.value) wanted.append("filter", `${select.dataset.facet}=${select.value}`);
  for (const name of ["from", "to"]) if (find(name).value) wanted.set(name, find(name).value);
  return wanted;
}

// Makes the form show what an address asks for.
function fill(wanted) {
  question.value = wanted.get("question") || "";
  for (const name of ["from", "to"]) find(name).value = wanted.get(name) || "";
  fillChoices(wanted);
}

function fillChoices(wanted) {
  const given = wanted.getAll("filter");
  for (const select of choices()) {
    const mine = given.find((one) => one.startsWith(`${select.dataset.facet}=`));
    select.value = mine ? mine.slice(select.dataset.facet.length + 1) : "";
  }
  tellChosen();
}

function tellChosen() {
  const count = [...wishes().keys()].length - 1;
  find("chosen").textContent = count ? ` (${several(count, "filter", "filters")})` : "";
}

function bodyOf(wanted) {
  const filters = Object.create(null);
  for (const one of wanted.getAll("filter")) {
    const [name, value] = [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)];
    (filters[name] ??= []).push(value);
  }
  const from = wanted.get("from"), to = wanted.get("to");
  if (from || to) filters.published = { from: from || null, to: to || null };
  const body = { question: wanted.get("question") };
  if (Object.keys(filters).length) body.filters = filters;
  if (wanted.get("sure") === "any") body.min_confidence = 0;
  return body;
}

function go(wanted) {
  history.pushState(null, "", `?${wanted}`);
  show();
}

// What may be tried after an abstention.
function triesOf(wanted) {
  const kept = (names) => new URLSearchParams([...wanted].filter(([name]) => names.includes(name)));
  const filtered = ["filter", "from", "to"].some((name) => wanted.has(name));
  const unsure = new URLSearchParams(wanted);
  unsure.set("sure", "any");
  return { filtered, unfiltered: () => go(kept(["question", "sure"])), unsure: () => go(unsure) };
}

async function answerTo(wanted) {
  const found = await posted("v1/ask", bodyOf(wanted));
  const count = found.citations.length;
  const told = found.abstained ? "No answer." : several(count, "quotation.", "quotations.");
  document.title = `${wanted.get("question")} – civicite`;
  return [found.abstained ? abstained(found, triesOf(wanted)) : answered(found), told];
}

async function show() {
  const mine = ++latest, wanted = new URLSearchParams(location.search);
  const asked = (wanted.get("question") || "").trim(), isArticle = wanted.has("article");
  fill(wanted);
  answer.hidden = true;
  find("welcome").hidden = Boolean(asked || isArticle);
  if (!asked && !isArticle) {
    document.title = "civicite";
    state.textContent = "";
    return;
  }
  state.textContent = "Looking …";
  form.setAttribute("aria-busy", "true");
  try {
    const [parts, told] = isArticle ? [await articlePage(wanted), "An article."] : await answerTo(wanted);
    if (mine !== latest) return;
    answer.replaceChildren(...parts);
    answer.setAttribute("aria-label", isArticle ? "Article" : "Answer");
    answer.hidden = false;
    state.textContent = told;
    find("quote")?.scrollIntoView({ block: "center" });
    find("quote")?.focus({ preventScroll: true });
  } catch (error) {
    if (mine === latest) state.textContent = `That did not work: ${error.message}.`;
  } finally {
    if (mine === latest) form.removeAttribute("aria-busy");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (question.value.trim()) go(wishes());
});
form.addEventListener("change", tellChosen);
find("clear").addEventListener("click", () => {
  for (const select of choices()) select.value = "";
  find("from").value = find("to").value = "";
  tellChosen();
});
addEventListener("popstate", () => {
  if (!location.hash) show();
});
show();
if (!location.search) question.focus();
// Nobody waits for what can be chosen; without a key there may be nothing, and asking says why.
showCollection().then(() => fillChoices(new URLSearchParams(location.search))).catch(() => {});
