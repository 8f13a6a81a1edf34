from stream_app.account import Account, Verdict, places


def test_every_fault_shows_in_the_verdict() -> None:
    account = Account()
    for place in [(0, 0), (0, 0), (0, 1), (9, 9)]:
        account.result(place)
    account.dead_letter((0, 1))
    account.dead_letter((1, 0))
    assert (account.done, account.results, account.dead_letters) == (4, 3, 2)
    verdict = account.close(places({0: 3, 1: 1}))
    assert verdict == Verdict(reviews=4, results=2, dead_letters=2, lost=1, duplicates=2, strange=1)


def test_a_clean_run_has_nothing_lost_and_nothing_twice() -> None:
    account = Account()
    account.result((0, 0))
    account.dead_letter((0, 1))
    assert account.close(places({0: 2})) == Verdict(2, 1, 1, 0, 0, 0)


def test_places_begin_where_they_are_told_to() -> None:
    assert places({0: 3, 1: 1}, {0: 2}) == {(0, 2), (1, 0)}
