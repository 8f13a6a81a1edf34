export const EXAMPLES = {
  headphones: {
    title: "Great sound, short breath",
    text: "The sound is wonderful and the fit is snug. They come with a case and two cables. Sadly the battery gives up after three hours! I would still buy them again.",
  },
  hotel: {
    title: "A quiet week by the lake",
    text: "We stayed for six nights in May. The staff were kind and breakfast was a joy. Our room was cold, the shower leaked and nobody came to fix it.",
  },
  cookbook: {
    title: "",
    text: "I bought this for my sister. It has 120 recipes. Half of them are dull, and the index is useless. The bread chapter is excellent, though.",
  },
};
