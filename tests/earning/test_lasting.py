"""How long chances last: one rule for those that events give, those of codes, and those that are bought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.limits import Price
from earning.lasting import Lasts, are_days_told, expiry

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY_ENDS_AT = datetime(2026, 11, 22, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lasts", "days", "expires_at"),
    [
        (Lasts.TODAY, None, DAY_ENDS_AT),
        (Lasts.DAYS, 3, NOW + timedelta(days=3)),
        (Lasts.CAMPAIGN, None, None),
    ],
)
def test_chances_expire_when_it_was_said(lasts: Lasts, days: int | None, expires_at: datetime | None) -> None:
    assert are_days_told(lasts, days)
    assert expiry(lasts, days, now=NOW, day_ends_at=DAY_ENDS_AT) == expires_at


@pytest.mark.parametrize(("lasts", "days"), [(Lasts.TODAY, 3), (Lasts.DAYS, None), (Lasts.CAMPAIGN, 1)])
def test_days_are_told_where_chances_last_for_days_and_nowhere_else(lasts: Lasts, days: int | None) -> None:
    assert not are_days_told(lasts, days)


@pytest.mark.parametrize(("days", "lasts"), [(None, Lasts.CAMPAIGN), (7, Lasts.DAYS)])
def test_bought_chances_last_as_the_price_says(days: int | None, lasts: Lasts) -> None:
    price = Price(points=10, lasts_days=days)
    assert price.lasts is lasts
    assert are_days_told(price.lasts, price.lasts_days)
