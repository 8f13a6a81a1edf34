"""What is known of the sources of the data: what they are, the licence as found, and what may be quoted."""

from typing import Final

BLITZER: Final = (
    "Multi-Domain Sentiment Dataset (Blitzer, Dredze and Pereira, ACL 2007); no 3-star reviews",
    "research use, cite; texts not redistributed",
)
OWN_TERMS: Final = "its publishers' terms; texts not redistributed"
SEMEVAL: Final = ("SemEval ABSA, laptops: sentences whose aspects all agree", OWN_TERMS)
KOTZIAS: Final = ("Kotzias et al., KDD 2015; no neutral", OWN_TERMS)
SOURCES: Final = {
    "trustpilot_petins": (
        "Trustpilot pages of US pet insurers, 2015-2024",
        "repository without licence, Trustpilot's terms; texts not redistributed",
    ),
    "womens_clothing": ("a women's clothing shop", "repository MIT, CC0 at its source"),
    "restaurants_hyd": (
        "Zomato, restaurants of Hyderabad, 2016-2019",
        "repository without licence, Zomato's terms; texts not redistributed",
    ),
    "amazon_books": BLITZER,
    "amazon_dvd": BLITZER,
    "amazon_electronics": BLITZER,
    "amazon_kitchen": BLITZER,
    "semeval14_laptop": SEMEVAL,
    "semeval16_laptop": SEMEVAL,
    "course_eval": ("course evaluations", OWN_TERMS),
    "uci_amazon_cells": KOTZIAS,
    "uci_imdb": KOTZIAS,
    "vader_movie": (
        "film critics' snippets (Hutto and Gilbert, ICWSM 2014); out of domain, learned from lightly",
        OWN_TERMS,
    ),
}
UNKNOWN_SOURCE: Final = ("the user's own", "not known to this project")
# Whose sentences may stand in a document. All others are the user's to quote, or not.
QUOTABLE: Final = frozenset({"womens_clothing"})
