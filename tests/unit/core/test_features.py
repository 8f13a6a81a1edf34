import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from stream_app.core.features import HashedNgrams
from stream_app.core.terms import index_terms

ROOT = Path(__file__).parents[3]
anything = st.text(st.characters(), max_size=60)  # lone surrogates too
wordy = st.text(st.sampled_from("abAB09_' .,!\n\0é好🙂\u2019\ud800"), max_size=40)
negated = st.lists(
    st.sampled_from(["not", "Don\u2019t", "can't", "'t", "good", "at", "sturdy", ",", "-", "!"]), max_size=12
).map(" ".join)


def terms_of(sentence: str) -> list[int]:
    """The buckets of a sentence that stands alone."""
    buckets, ends = index_terms([sentence], 18)
    return [int(bucket) for bucket in buckets[: ends[0]]]


NEGATIONS = set(
    b"not no never cannot without nothing none hardly barely nor neither dont doesnt didnt wont wouldnt cant "
    b"couldnt isnt wasnt arent werent lack lacks".split()
)
MASK = 2**64 - 1


def tokens(sentence: str) -> list[bytes]:
    """Words and marks by their definition, read off the module's docstring."""
    text = sentence.lower().replace("\u2019", "'").encode("utf-8", "surrogatepass")
    return re.findall(rb"[a-z0-9_'\x80-\xff]+|[!-\x7f]", text)


def fnv(word: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in word:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def pair(first: int, second: int) -> int:
    return first * 0x9E3779B97F4A7C15 + second & MASK


def negates(word: bytes) -> bool:
    return word in NEGATIONS or (len(word) >= 4 and word.endswith(b"'t"))


def values(sentence: str) -> Iterator[int]:
    """The hashes of the terms, one token at a time in plain Python."""
    previous: int | None = None
    reach = 0
    for token in tokens(sentence):
        if re.fullmatch(rb"[!-&(-/:-@\[-^`{-\x7f]", token):
            if token in b"!,.;?":
                reach = 0
            else:
                yield pair(token[0], 14)
            continue
        yield fnv(token)
        if len(token) > 5:
            yield pair(fnv(token[:5]), 5)
        if previous is not None:
            yield pair(previous, fnv(token))
        if negates(token):
            reach = 4
        elif reach:
            yield pair(fnv(token), 10)
            reach -= 1
        previous = fnv(token)


def reference(sentence: str, bits: int) -> list[int]:
    """The buckets of the terms."""
    return [((value ^ value >> 31) * 0xBF58476D1CE4E5B9 & MASK) >> (64 - bits) for value in values(sentence)]


@given(st.lists(st.one_of(anything, wordy, negated), max_size=6), st.integers(1, 24))
def test_the_compiled_loop_gives_the_terms_of_the_definition(sentences: list[str], bits: int) -> None:
    buckets, ends = index_terms(sentences, bits)
    starts = [0, *ends[:-1].tolist()]
    found = [buckets[start:end].tolist() for start, end in zip(starts, ends.tolist(), strict=False)]
    assert found == [reference(sentence, bits) for sentence in sentences]


def test_saved_models_depend_on_these_buckets() -> None:
    assert index_terms(["Don't buy it"], 18).buckets[:5].tolist() == [117648, 37410, 37719, 134375, 212311]


def test_case_white_space_and_the_form_of_an_apostrophe_do_not_count() -> None:
    assert terms_of("GOOD, don\u2019t") == terms_of("  good,\ndon't")


def test_a_mark_is_one_term_and_parts_no_pair() -> None:
    assert len(terms_of("(good)")) == len(terms_of("good")) + 2
    assert set(terms_of("good sound")) < set(terms_of("good/sound"))


def test_marks_that_end_clauses_are_no_terms() -> None:
    assert terms_of("good, sound!!?") == terms_of("good; sound.") == terms_of("good sound")


def test_longer_words_share_their_stem() -> None:
    shared = set(terms_of("comfortable")) & set(terms_of("comforting"))
    assert len(shared) == 1
    assert len(terms_of("comfo")) == 1


def test_a_negation_reaches_four_words_or_to_the_end_of_its_clause() -> None:
    negated = terms_of("not good")[-1]
    assert negated not in terms_of("good")
    assert negated in terms_of("isn't all that very good")
    assert negated not in terms_of("not all that very very good")
    assert negated not in terms_of("not bad, good")
    assert negated in terms_of("not so-so good")
    buckets, ends = index_terms(["not", "good"], 18)
    assert negated not in buckets[: ends[-1]]


def test_digits_underscores_apostrophes_and_letters_of_all_scripts_belong_to_words() -> None:
    assert len(terms_of("it's")) == len(terms_of("4_5")) == len(terms_of("très")) == len(terms_of("好")) == 1
    assert len(terms_of("a-b")) == 4


def test_pairs_are_ordered_and_do_not_reach_over_a_sentence() -> None:
    assert terms_of("sound good")[2] != terms_of("good sound")[2]
    buckets, ends = index_terms(["not", "good"], 18)
    assert buckets[: ends[-1]].tolist() == [*terms_of("not"), *terms_of("good")]


def test_there_may_be_no_sentence_and_no_word() -> None:
    assert index_terms([], 18).ends.tolist() == []
    assert index_terms(["", "!!!", ""], 18).ends.tolist() == [0, 0, 0]


@pytest.mark.parametrize("bits", [-1, 0, 31, 64])
def test_a_number_of_buckets_that_the_loop_cannot_index_is_refused(bits: int) -> None:
    with pytest.raises(ValueError, match=f"bits: expected 1 to 30, got {bits}"):
        index_terms(["good"], bits)


def test_a_row_holds_counts_over_the_root_of_the_number_of_terms() -> None:
    row = HashedNgrams(18).transform(["bad bad bad"])
    single, pair = terms_of("bad")[0], terms_of("bad bad")[2]
    assert row.shape == (1, 2**18)
    assert row.nnz == 2
    assert row[0, single] == pytest.approx(3 / np.sqrt(5))
    assert row[0, pair] == pytest.approx(2 / np.sqrt(5))


def test_the_matrix_has_a_row_for_each_sentence() -> None:
    matrix = HashedNgrams(10).transform(["good", "", "poor sound"])
    assert matrix.shape == (3, 1024)
    assert matrix.getnnz(axis=1).tolist() == [1, 0, 3]
    assert HashedNgrams(10).transform([]).shape == (0, 1024)


def test_the_transformer_can_be_cloned_and_needs_no_fit() -> None:
    assert clone(HashedNgrams(12)).get_params() == {"bits": 12}
    assert HashedNgrams(12).fit(["x"]).transform(["x"]).nnz == 1


def test_nothing_is_compiled_at_import() -> None:
    code = "import stream_app.core.scoring, stream_app.core.terms as f; print(f._compiled_index.cache_info())"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "currsize=0" in shown.stdout


@pytest.fixture
def read_only(tmp_path: Path) -> Callable[..., str]:
    """Runs code in a copy of the package on a mount that is read-only, and tells what it prints."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("a read-only mount needs user namespaces")
    root = tmp_path / "root"
    shutil.copytree(ROOT / "stream_app", root / "stream_app", ignore=shutil.ignore_patterns("__pycache__"))

    def run(code: str, *variables: str, mode: str = "ro") -> str:
        script = tmp_path / "script.sh"
        script.write_text(
            f"""set -e
            mount --bind {root} {root}
            mount -o remount,bind,{mode} {root}
            cd {root}
            exec env -i HOME={root} {" ".join(variables)} {sys.executable} -c "
import stream_app
from stream_app.core.terms import _compiled_index, index_terms
assert stream_app.__file__ == '{root}/stream_app/__init__.py'
{code}"
            """
        )
        shown = subprocess.run(
            [unshare, "-rm", "sh", str(script)], capture_output=True, text=True, check=False
        )
        assert shown.stderr == ""
        return shown.stdout.strip()

    return run


INDEX = "print(index_terms(['a b'], 18).ends[0])"
CACHE_HITS = "print(sum(_compiled_index().stats.cache_hits.values()))"
SHIPPED = "NUMBA_CACHE_LOCATOR_CLASSES=stream_app.core.compilation.ShippedCacheLocator"


def test_it_works_where_nothing_can_be_written(read_only: Callable[..., str], tmp_path: Path) -> None:
    """On a read-only root numba has no place for its cache: the loop is compiled without one."""
    assert read_only(INDEX) == "3"
    assert read_only(INDEX, SHIPPED) == "3"
    assert not list(tmp_path.rglob("*.nb[ic]"))


def test_machine_code_that_was_shipped_is_used_where_nothing_can_be_written(
    read_only: Callable[..., str],
) -> None:
    read_only(INDEX, mode="rw")
    assert read_only(CACHE_HITS) == "0"
    assert read_only(CACHE_HITS, SHIPPED) == "1"
    assert read_only(INDEX, SHIPPED) == "3"
