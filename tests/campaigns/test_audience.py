"""Who a campaign is for: by signed attributes alone, what is not said is not met, and nobody is ever shut out later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.audience import EVERYBODY, Audience

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
JOINED = int((NOW - timedelta(days=7)).timestamp())

names = st.lists(st.sampled_from(["gold", "silver", "vip"]), unique=True).map(tuple)
keys = st.lists(st.sampled_from(["spring", "summer", "autumn"]), unique=True)
audiences = st.builds(
    Audience,
    tiers=names,
    segments=names,
    registered_within_days=st.none() | st.integers(min_value=1, max_value=9),
    lists=keys.map(tuple),
)
members = st.fixed_dictionaries(
    {},
    optional={
        "tier": st.sampled_from(["gold", "silver", "bronze"]),
        "segments": st.lists(st.sampled_from(["gold", "silver", "vip", "other"])),
        "registered_at": st.integers(min_value=JOINED - 400_000, max_value=JOINED + 700_000),
    },
)


@pytest.mark.parametrize(
    ("audience", "attributes", "unmet"),
    [
        ({}, {}, []),
        ({"tiers": ["gold"]}, {"tier": "gold"}, []),
        ({"tiers": ["gold", "silver"]}, {"tier": "bronze"}, [{"kind": "tier", "any_of": ["gold", "silver"]}]),
        ({"tiers": ["gold"]}, {}, [{"kind": "tier", "any_of": ["gold"]}]),
        ({"segments": ["vip", "staff"]}, {"segments": ["other", "staff"]}, []),
        ({"segments": ["vip"]}, {"segments": "vip"}, [{"kind": "segment", "any_of": ["vip"]}]),
        ({"segments": ["vip"]}, {"segments": []}, [{"kind": "segment", "any_of": ["vip"]}]),
        ({"registered_within_days": 8}, {"registered_at": JOINED}, []),
        ({"registered_within_days": 7}, {"registered_at": JOINED + 1}, []),
        ({"registered_within_days": 7}, {"registered_at": JOINED}, [{"kind": "new-member", "days": 7}]),
        ({"registered_within_days": 7}, {"registered_at": True}, [{"kind": "new-member", "days": 7}]),
        ({"registered_within_days": 7}, {"registered_at": "today"}, [{"kind": "new-member", "days": 7}]),
        ({"registered_within_days": 7}, {"registered_at": JOINED * 2}, [{"kind": "new-member", "days": 7}]),
        (
            {"tiers": ["gold"], "registered_within_days": 3},
            {"tier": "silver"},
            [{"kind": "tier", "any_of": ["gold"]}, {"kind": "new-member", "days": 3}],
        ),
    ],
)
def test_what_is_not_met_is_named(audience: dict[str, Any], attributes: dict[str, Any], unmet: list[Any]) -> None:
    assert Audience.model_validate(audience).unmet(attributes, NOW) == unmet


@given(audiences, audiences, members, keys)
def test_a_wider_audience_lets_in_whom_the_narrower_did(
    one: Audience, other: Audience, attributes: dict[str, Any], on_lists: list[str]
) -> None:
    if one.is_as_wide_as(other) and not other.unmet(attributes, NOW, on_lists=on_lists):
        assert not one.unmet(attributes, NOW, on_lists=on_lists)


@pytest.mark.parametrize(
    ("on_lists", "unmet"),
    [
        (["spring"], []),
        (["winter", "summer"], []),
        (["winter"], [{"kind": "list", "any_of": ["spring", "summer"]}]),
        ([], [{"kind": "list", "any_of": ["spring", "summer"]}]),
    ],
)
def test_one_list_of_those_named_is_enough(on_lists: list[str], unmet: list[Any]) -> None:
    audience = Audience(lists=("spring", "summer"))
    assert audience.unmet({"lists": ["spring"], "segments": ["spring"]}, NOW, on_lists=on_lists) == unmet


@given(audiences)
def test_everybody_is_the_widest(audience: Audience) -> None:
    assert EVERYBODY.is_as_wide_as(audience)
    assert audience.is_as_wide_as(audience)
    assert audience.is_as_wide_as(EVERYBODY) == (audience == EVERYBODY)


@pytest.mark.parametrize(
    "told",
    [
        {"tiers": ["gold", "gold"]},
        {"tiers": [""]},
        {"segments": [" "]},
        {"segments": ["x" * 65]},
        {"tiers": [f"tier-{n}" for n in range(51)]},
        {"registered_within_days": 0},
        {"registered_within_days": 3651},
        {"lists": ["spring", "spring"]},
        {"lists": ["Not A Key"]},
        {"lists": [f"list-{n}" for n in range(21)]},
    ],
)
def test_an_audience_that_makes_no_sense_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Audience.model_validate(told)
