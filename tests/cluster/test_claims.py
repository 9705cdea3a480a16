"""Which run all work at who give the same command: one of them begins it, however many come at once."""

from __future__ import annotations

import threading

from cluster.claims import Claims, remove_claims


def test_of_many_who_claim_at_once_one_has_it(tmp_path):
    for number in (1, 2):
        ready, won = threading.Barrier(8), []

        def claim(run, number=number, ready=ready, won=won):
            ready.wait()
            if Claims(tmp_path, "key").claim(number, run):
                won.append(run)

        threads = [threading.Thread(target=claim, args=(f"run{number}-{one}",)) for one in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1 and Claims(tmp_path, "key").last() == (number, won[0])
        assert len(list(tmp_path.iterdir())) == 1  # nothing of those that lost, nor of the claim before


def test_claims_of_one_command_are_none_of_another_and_go_with_their_run(tmp_path):
    assert Claims(tmp_path, "key").claim(1, "a") and Claims(tmp_path, "other").claim(1, "b")
    assert Claims(tmp_path, "key").last() == (1, "a") and Claims(tmp_path, "third").last() == (0, "")
    remove_claims(tmp_path, "a")
    assert Claims(tmp_path, "key").last() == (0, "") and Claims(tmp_path, "other").last() == (1, "b")
    assert Claims(tmp_path / "not made yet", "key").last() == (0, "")
