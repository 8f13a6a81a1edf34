// A review as the model reads it: its sentences marked, what lies between them left as it is.

const SHAPES = {
  positive: "M5 1 L9.5 9 H0.5 Z",
  neutral: "M5 1 a4 4 0 1 0 0.001 0 Z",
  negative: "M5 9 L9.5 1 H0.5 Z",
};
const SVG = "http://www.w3.org/2000/svg";

export function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function labelled(label, ...rest) {
  return element("span", `label ${label}`, shape(label), label[0].toUpperCase() + label.slice(1), ...rest);
}

export function counts(sentences) {
  const of = (label) => sentences.filter((sentence) => sentence.label === label).length;
  const parts = Object.keys(SHAPES).filter(of).map((label) => `${of(label)} ${label}`);
  return `${sentences.length} ${sentences.length === 1 ? "sentence" : "sentences"}: ${parts.join(", ")}`;
}

// Offsets count code points, as the API says, and JavaScript's own count UTF-16 units.
export function marked(part, text, sentences) {
  const characters = Array.from(text);
  const nodes = [];
  let place = 0;
  for (const sentence of sentences.filter((one) => one.part === part)) {
    nodes.push(characters.slice(place, sentence.start).join(""));
    nodes.push(marking(sentence, characters.slice(sentence.start, sentence.end).join("")));
    place = sentence.end;
  }
  return [...nodes, characters.slice(place).join("")];
}

export function marking({ label, score }, words) {
  const said = element("span", "unseen", ` (${label}, `);
  const closing = element("span", "unseen", ")");
  const mark = element("span", `mark ${label}`, shape(label), said, score.toFixed(2), closing);
  return element("span", `sentence ${label}`, element("span", "words", words), mark);
}

function shape(label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "shape");
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[label]);
  svg.append(path);
  return svg;
}
