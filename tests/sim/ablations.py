"""Guards taken away, one at a time: the checker must notice each, or it would notice nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from unittest.mock import patch

from sqlalchemy import Table

from campaigns import ledger_sql
from campaigns.ledger import Row
from prizes.awards import Won
from tests.sim import hasty
from tests.sim.ground import HAS_RAFFLE, IS_COVERED, SELLS, drop_foreign_key, drop_unique

SEEDS_MAX = 120
_WON = Row.won


@dataclass(frozen=True)
class Ablation:
    """What is missing. `statement` is cut out of the ledger's insert; `weaken` drops constraints of the play table; with
    `ignores_numbers` a number or a granted chance that another play has is passed over in silence; with
    `forgets_reviews` a win is written as if its play were under none; `without` changes a room.

    Seeds on the campaigns that `shapes` names by their places, which favour the events named by `favours`, are tried
    until one violates something.
    """

    reveals_early: bool = False
    statement: str = ""
    weaken: Callable[[Table], None] | None = None
    ignores_numbers: bool = False
    forgets_reviews: bool = False
    without: Callable[[], AbstractContextManager[None]] = nullcontext
    shapes: Sequence[int] = (0, 1, 2, 3)
    favours: Sequence[str] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        if self.statement not in ledger_sql._SQLITE:
            raise AssertionError(f"the insert does not say {self.statement!r}")
        count, pay = ledger_sql._SQLITE_COUNT, ledger_sql._SQLITE_PAY
        with (
            self.without(),
            patch.object(ledger_sql, "_SQLITE", ledger_sql._SQLITE.replace(self.statement, "")),
            patch.object(ledger_sql, "_SQLITE_COUNT", _heedless(count) if self.ignores_numbers else count),
            patch.object(ledger_sql, "_SQLITE_PAY", _heedless(pay) if self.ignores_numbers else pay),
            patch.object(Row, "won", _unreviewed if self.forgets_reviews else Row.won),
        ):
            yield


def _heedless(insert: str) -> str:
    return insert.replace("INSERT INTO", "INSERT OR IGNORE INTO")


def _unreviewed(row: Row) -> Won | None:
    won = _WON(row)
    return replace(won, held_for=None, told=None) if won is not None else None


def without_seq(play: Table) -> None:
    drop_unique(play, "campaign_id", "lane", "seq")


def without_unit(play: Table) -> None:
    drop_unique(play, "campaign_id", "awarded", "unit")


def without_previous_of_day(play: Table) -> None:
    drop_foreign_key(play, "fk_play_previous_of_day")


def without_previous_id(play: Table) -> None:
    drop_foreign_key(play, "fk_play_previous_id")


def without_previous(play: Table) -> None:
    drop_foreign_key(play, "fk_play_previous")
    without_previous_of_day(play)
    without_previous_id(play)


def without_seq_and_unit(play: Table) -> None:
    without_seq(play)
    without_unit(play)


# A unit's uniqueness and the chain of a day are no longer the last guard of anything, since a play names the one before it:
# without either of them alone 120 seeds come out sound. Each is taken away together with its neighbour.
ABLATIONS = {
    "reveal before commit": Ablation(reveals_early=True),
    "no unique play number": Ablation(weaken=without_seq),
    "no unique play number and no unique unit": Ablation(weaken=without_seq_and_unit),
    "no unique play number and no unique tally number": Ablation(
        weaken=without_seq, ignores_numbers=True, shapes=(4, 5, 7)
    ),
    "no unique play number and no unique chance": Ablation(
        weaken=without_seq, ignores_numbers=True, shapes=(11,), favours=("grant",)
    ),
    "a win forgets its review": Ablation(forgets_reviews=True),
    "no previous play": Ablation(weaken=without_previous),
    "no play named as the previous one": Ablation(weaken=without_previous_id, shapes=(7, 12)),
    "no epoch guard": Ablation(statement=" AND c.epoch = r.permit_epoch", favours=("pause", "resume")),
    "sealed before the stream is drained": Ablation(without=hasty.sealed_undrained, shapes=(HAS_RAFFLE,)),
    "sealed when the first clock says it is over": Ablation(
        without=hasty.sealed_by_the_first_clock, shapes=(HAS_RAFFLE,)
    ),
    "drawn without the sealed digest": Ablation(without=hasty.drawn_without_digest, shapes=(HAS_RAFFLE,)),
    "granted before the debit is settled": Ablation(
        without=hasty.granted_before_settled, shapes=(SELLS,), favours=("time_passes",)
    ),
    "an event granted again when it is told again": Ablation(without=hasty.event_granted_again, shapes=(11,)),
    "a card told when it is dealt": Ablation(without=hasty.told_when_dealt, shapes=(IS_COVERED,)),
    "a covered win set on its way": Ablation(without=hasty.won_uncovered, shapes=(IS_COVERED,)),
    "silence of a wallet taken for a no": Ablation(without=hasty.silence_taken_for_a_no, shapes=(SELLS,)),
}
