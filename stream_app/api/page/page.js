import { classify, Refused, stopAsking } from "./classify.js";
import { EXAMPLES } from "./examples.js";
import { Live } from "./live.js";
import { counts, element, labelled, marked, marking } from "./sentences.js";

const TYPING_PAUSE_MS = 300;
const SPEAKING_PAUSE_MS = 900;
const HEADINGS = { 413: "This review is too long", 422: "This review cannot be classified" };

const form = document.querySelector("#review");
const { title, text } = form.elements;
const outcome = document.querySelector("#outcome");
const announcement = document.querySelector("#announcement");
let typing = 0;
let speaking = 0;

async function ask() {
  clearTimeout(typing);
  showFaults([]);
  if (!text.value.trim()) return showEmpty();
  const review = { title: title.value, text: text.value };
  outcome.setAttribute("aria-busy", "true");
  try {
    showResult(review, await classify(review));
  } catch (error) {
    if (error.name === "AbortError") return;
    showError(error);
  }
  outcome.removeAttribute("aria-busy");
}

function showEmpty() {
  stopAsking();
  outcome.removeAttribute("aria-busy");
  outcome.dataset.state = "empty";
  announce("");
}

function showResult(review, result) {
  const scale = element("div", "scale");
  scale.style.setProperty("--at", `${result.score * 100}%`);
  scale.setAttribute("aria-hidden", "true");
  const summary = element("p", "counts", counts(result.sentences));
  const score = element("span", "score", result.score.toFixed(2));
  document.querySelector("#verdict").replaceChildren(labelled(result.label), scale, score, summary);
  const reading = document.querySelector("#reading");
  reading.replaceChildren(element("p", "", ...marked("text", review.text, result.sentences)));
  if (result.sentences[0].part === "title") {
    reading.prepend(element("h3", "", ...marked("title", review.title, result.sentences)));
  }
  outcome.dataset.state = "result";
  announce(`${result.label}, ${result.score.toFixed(2)}. ${counts(result.sentences)}`);
}

function showError(error) {
  const problem = error instanceof Refused ? error.problem : null;
  const heading = problem ? (HEADINGS[problem.status] ?? problem.title) : "The server does not answer";
  const detail = problem?.errors?.[0]?.detail ?? problem?.detail ?? "Check that it runs, then classify again.";
  outcome.querySelector(".error").replaceChildren(element("strong", "", heading), element("p", "", detail));
  outcome.dataset.state = "error";
  announce("");
  showFaults(problem?.errors ?? []);
}

function showFaults(errors) {
  for (const field of [title, text]) {
    const fault = document.querySelector(`#${field.name}-fault`);
    const found = errors.find((error) => error.pointer === `/${field.name}`);
    fault.hidden = !found;
    fault.textContent = found?.detail ?? "";
    field.setAttribute("aria-invalid", String(Boolean(found)));
  }
}

// A screen reader hears the outcome when the typing has paused, not at each letter.
function announce(words) {
  clearTimeout(speaking);
  speaking = setTimeout(() => (announcement.textContent = words), words ? SPEAKING_PAUSE_MS : 0);
}

function fillIn(review) {
  [title.value, text.value] = [review.title, review.text];
  ask();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
  if (!text.value.trim()) text.focus();
});
form.addEventListener("input", (event) => {
  clearTimeout(typing);
  if (!document.querySelector("#as-typed").checked || event.target.type === "checkbox") return;
  typing = setTimeout(ask, text.value.trim() ? TYPING_PAUSE_MS : 0);
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
document.querySelector("#clear").addEventListener("click", () => {
  fillIn({ title: "", text: "" });
  text.focus();
});
for (const chip of document.querySelectorAll("[data-example]")) {
  chip.addEventListener("click", () => fillIn(EXAMPLES[chip.dataset.example]));
}
for (const [label, score] of Object.entries({ positive: 0.95, neutral: 0.5, negative: 0.06 })) {
  const line = document.querySelector(`.legend .${label}`);
  line.replaceChildren(...marking({ label, score }, line.textContent).childNodes);
}
document.querySelector("#origin").textContent = location.origin;

const info = await (await fetch("/info")).json();
document.querySelector("#model").textContent = info.model.version;
if (info.live) new Live(document.querySelector("#live")).start();
