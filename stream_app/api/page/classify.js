// Asks the API for one review; the last question wins.

let running = null;

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export async function classify(review) {
  running?.abort();
  const own = (running = new AbortController());
  const answer = await fetch("/v1/classify", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(review),
    signal: AbortSignal.any([own.signal, AbortSignal.timeout(15_000)]),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Refused(content);
  return content;
}

export function stopAsking() {
  running?.abort();
}
