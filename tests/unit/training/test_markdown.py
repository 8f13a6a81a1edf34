from training.behaviour import SuiteResult
from training.bootstrap import Interval
from training.markdown import behaviour_table, difference_table, macro_f1_table, table
from training.tables import Row

HALF = Interval(0.25, 0.5, 0.75)


def test_what_stands_in_a_cell_cannot_end_it() -> None:
    assert table(["a", "b"], [["x | y", "two\nlines"]]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        r"| x \| y | two lines |",
    ]


def test_a_classifier_without_a_figure_has_an_empty_cell() -> None:
    rows = [Row(("new", "review"), 1200, {"ours": HALF})]
    assert macro_f1_table(rows, ["ours", "theirs"]).splitlines() == [
        "| set | level | rows | ours | theirs |",
        "| --- | --- | --- | --- | --- |",
        "| new | review | 1,200 | 0.500 (0.250 to 0.750) |  |",
    ]


def test_parts_of_a_set_have_one_name() -> None:
    assert macro_f1_table([Row(("shop",), 3, {"it": HALF})], ["it"]).startswith("| part | rows | it |\n")
    assert macro_f1_table([], ["it"]).startswith("| set | level | rows | it |\n")


def test_differences_carry_their_sign() -> None:
    rows = [Row(("new", "review"), 0, {"it": Interval(-0.1, 0.0, 0.1)})]
    assert "+0.000 (-0.100 to +0.100)" in difference_table(rows, ["it"])


def test_suites_stand_in_rows_and_classifiers_in_columns() -> None:
    passed = {"a": 4, "b": 3}
    results = {
        name: [SuiteResult("names", "invariance", 4, count, 0.8, ())] for name, count in passed.items()
    }
    assert behaviour_table(results).splitlines()[-1] == "| names | invariance | 4 | 80% | 100% | 75% |"
