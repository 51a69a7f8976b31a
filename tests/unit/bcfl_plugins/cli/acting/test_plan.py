from __future__ import annotations

from bcfl_plugins.cli.acting.plan import CallPlan, Effect, as_lines, as_record, shortage, signed
from pallet_bridge import calls
from pallet_bridge.types import UNIT, AccountId, Balance, Planck

ME, OTHER = AccountId(b"\x01" * 32), AccountId(b"\x02" * 32)
CALL = calls.fund(3, Planck(5))
FEE, EXISTENCE = Planck(10), Planck(100)


def plan(*changes: Effect, refusals: tuple[str, ...] = ()) -> CallPlan:
    return CallPlan(CALL, "pay", changes, refusals)


def has(free: int, held: int = 0) -> Balance:
    return Balance(Planck(free), Planck(held))


def test_what_is_spent_the_fee_and_what_stays_have_to_be_there() -> None:
    spending = plan(Effect(ME, free=-1000, held=1000))
    assert shortage(spending, ME, has(1110), FEE, EXISTENCE) is None
    short = shortage(spending, ME, has(1109), FEE, EXISTENCE)
    assert short is not None
    assert "0.000000000001 UNIT or more" in short
    assert str(ME) in short


def test_what_comes_in_does_not_pay_the_fee() -> None:
    coming = plan(Effect(ME, free=5000))
    assert shortage(coming, ME, has(109), FEE, EXISTENCE) is not None
    assert shortage(coming, ME, has(110), FEE, EXISTENCE) is None


def test_what_others_lose_is_not_paid_by_the_payer() -> None:
    assert shortage(plan(Effect(OTHER, free=-(10**9))), ME, has(110), FEE, EXISTENCE) is None


def test_a_plan_says_what_is_left_after_the_fee() -> None:
    lines = list(
        as_lines(
            plan(Effect(ME, free=-2 * UNIT, held=2 * UNIT, stake=2 * UNIT), Effect(OTHER, UNIT)),
            ME,
            Planck(UNIT),
            has(9 * UNIT, 3 * UNIT),
        )
    )
    assert "to spend 9 UNIT -> 6 UNIT, on hold 3 UNIT -> 5 UNIT" in lines
    assert f"{OTHER}: to spend +1 UNIT, on hold +0 UNIT" in lines
    assert f"active stake of {ME} +2 UNIT" in lines


def test_a_refusal_is_in_both_forms() -> None:
    refused = plan(refusals=("it is too early; come later",))
    assert "REFUSED it is too early; come later" in list(as_lines(refused, ME, FEE, has(5)))
    record = as_record(refused, ME, FEE)
    assert record["refused"] == ["it is too early; come later"]
    assert (record["call"], record["fee"], record["account"]) == ("fund", 10, str(ME))


def test_amounts_have_their_sign() -> None:
    assert [signed(one) for one in (UNIT, 0, -UNIT // 2)] == ["+1 UNIT", "+0 UNIT", "-0.5 UNIT"]
