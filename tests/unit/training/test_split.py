from hypothesis import given
from hypothesis import strategies as st

from training.split import human_side, review_side

names = st.text(max_size=12)


def held_out(side: str) -> bool:
    return side in {"tune", "test"}


@given(names, names, st.lists(st.tuples(names, st.integers(), st.booleans()), min_size=2))
def test_a_domain_is_held_out_as_a_whole(
    source: str, domain: str, reviews: list[tuple[str, int, bool]]
) -> None:
    sides = {review_side(name, source, domain, seed, from_dev=dev) for name, seed, dev in reviews}
    assert len({held_out(side) for side in sides}) == 1


@given(names, names, names, st.integers())
def test_no_dev_review_is_trained_on(identity: str, source: str, domain: str, seed: int) -> None:
    assert review_side(identity, source, domain, seed, from_dev=True) != "train"
    assert human_side(identity, seed) in {"tune", "test"}


def test_the_split_of_the_shipped_champion_stays_as_it_was() -> None:
    insurers = ["aspca", "petsbest", "spot", "embrace", "healthypaws", "fetch", "lemonade", "pumpkin"]
    out = [
        name for name in insurers if held_out(review_side("x", "trustpilot_petins", name, 0, from_dev=False))
    ]
    assert out == ["lemonade", "pumpkin"]


def test_about_an_eighth_of_the_domains_is_held_out_and_halved() -> None:
    sides = [review_side(f"r{n}", "shop", f"d{n}", 0, from_dev=False) for n in range(4000)]
    assert 0.10 < sum(map(held_out, sides)) / 4000 < 0.14
    assert 0.4 < sides.count("tune") / sum(map(held_out, sides)) < 0.6


def test_the_seed_draws_the_halves() -> None:
    halves = {seed: [human_side(f"s{n}", seed) for n in range(50)] for seed in (0, 1)}
    assert halves[0] != halves[1]
