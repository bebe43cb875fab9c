// Elements, and words for values. All text is set as text, never as markup.

export const find = (id) => document.getElementById(id);

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export function link(address, ...children) {
  const made = element("a", "", ...children);
  made.href = address;
  return made;
}

export function button(text, act) {
  const made = element("button", "quiet", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export function onTheWeb(address) {
  return /^https?:\/\//i.test(address || "");
}

// Offsets count code points; JavaScript's own strings count UTF-16 units.
export function slice(text, start, end) {
  return Array.from(text).slice(start, end).join("");
}

// A year, a month or a day, in words.
export function day(written) {
  const [year, month, date] = (written || "").split("-").map(Number);
  if (!year || !month) return written || "";
  const parts = { year: "numeric", month: "long", ...(date ? { day: "numeric" } : {}), timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-GB", parts).format(new Date(Date.UTC(year, month - 1, date || 1)));
}

export function several(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// A facet's name in words; one of three letters is taken for an abbreviation.
export function named(facet) {
  return facet.length <= 3 ? facet.toUpperCase() : facet.replaceAll("_", " ");
}

// The page of an article on this server, its quotation shown.
export function pageOf(one) {
  const place = { article: one.article_id, revision: one.revision, start: one.start, end: one.end };
  const given = Object.entries(place).filter(([, value]) => value !== undefined && value !== null);
  return `?${new URLSearchParams(given)}`;
}

export function addressOf(id) {
  return `v1/articles/${encodeURIComponent(id).replaceAll("%2F", "/")}`;
}

// The words around a quotation: whole words, since what stands there was cut by length.
export function surroundings(before, after) {
  const around = (text) => element("span", "around", text);
  return [around(before), around(after)];
}

export async function fetched(address, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  const key = find("key").value.trim() || sessionStorage.getItem("key");
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(address, { ...options, headers });
  const content = await response.json();
  if (response.status === 401) {
    sessionStorage.removeItem("key");
    find("key-row").hidden = false;
    find("key").focus();
  } else if (key) {
    sessionStorage.setItem("key", key);
  }
  if (!response.ok) {
    const wait = response.headers.get("Retry-After");
    const told = content.detail || `the server answered ${response.status}`;
    throw new Error(wait ? `${told} (try again in ${several(Number(wait), "second", "seconds")})` : told);
  }
  return content;
}

export function posted(address, body) {
  const headers = { "Content-Type": "application/json" };
  return fetched(address, { method: "POST", headers, body: JSON.stringify(body) });
}
