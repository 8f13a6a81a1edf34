// The results topic as it grows, by server-sent events.

import { element, labelled, marking } from "./sentences.js";

const SHOWN = 12;

export class Live {
  constructor(section) {
    this.section = section;
    this.list = section.querySelector("#live-results");
    this.state = section.querySelector("#live-state");
    this.pause = section.querySelector("#live-pause");
    this.skipped = section.querySelector("#live-skipped");
    this.missed = 0;
    this.source = null;
    this.pause.addEventListener("click", () => (this.source ? this.stop() : this.start()));
  }

  start() {
    this.section.hidden = false;
    this.tell("waiting", "Connecting…");
    this.source = new EventSource("/v1/results");
    this.source.addEventListener("state", (event) => this.connected(JSON.parse(event.data).connected));
    this.source.addEventListener("result", (event) => this.show(JSON.parse(event.data)));
    this.source.addEventListener("skipped", (event) => this.skip(JSON.parse(event.data).count));
    this.source.addEventListener("error", () => this.broken());
    this.button("Pause", false);
  }

  stop() {
    this.end();
    this.tell("paused", "Paused");
  }

  end() {
    this.source.close();
    this.source = null;
    this.button("Resume", true);
  }

  connected(isConnected) {
    if (isConnected) this.tell("connected", "Live");
    else this.tell("failed", "Kafka does not answer. Trying again…");
  }

  broken() {
    if (this.source.readyState === EventSource.CONNECTING) {
      this.tell("failed", "The connection broke. Trying again…");
    } else {
      this.end();
      this.tell("failed", "The stream cannot be had now: perhaps too many are watching.");
    }
  }

  show(result) {
    const about = element("div", "", labelled(result.label, element("small", "", result.score.toFixed(2))));
    about.append(element("span", "name", result.review_id));
    this.list.prepend(element("li", "", about, element("div", "reading", ...reading(result.sentences))));
    while (this.list.children.length > SHOWN) this.list.lastElementChild.remove();
  }

  skip(count) {
    this.missed += count;
    this.skipped.textContent = `${this.missed.toLocaleString("en")} more came faster than can be read.`;
    this.skipped.hidden = false;
  }

  tell(state, words) {
    this.section.dataset.state = state;
    this.state.textContent = words;
  }

  button(words, isPressed) {
    this.pause.textContent = words;
    this.pause.setAttribute("aria-pressed", String(isPressed));
  }
}

function reading(sentences) {
  return sentences.flatMap((sentence) => [marking(sentence, sentence.text ?? `sentence ${sentence.index + 1}`), " "]);
}
