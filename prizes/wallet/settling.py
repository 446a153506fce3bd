"""What was sent and came to nothing certain: one step towards knowing, by asking or by undoing."""

from __future__ import annotations

from prizes.wallet.contract import NO_SUCH_DEBIT, Done, NeverSent, Refused, Transfer, Unknown, Wallet, WalletOutcome

UNDONE = "undone"


async def settle_debit(wallet: Wallet, debit: Transfer) -> WalletOutcome:
    """Done: the points were taken. Refused: they were not, and never will be. Otherwise step again later.

    A wallet that can be asked is asked before anything is sent again. Any other is told to give the points back.
    """
    if wallet.traits.can_be_asked:
        told = await wallet.query(debit.id)
        return await wallet.debit(debit) if isinstance(told, NeverSent) else told
    undone = await wallet.refund(debit)
    if isinstance(undone, Done) or undone == Refused(reason=NO_SUCH_DEBIT):
        return Refused(reason=UNDONE)
    return Unknown(reason=undone.reason)


async def settle_credit(wallet: Wallet, credit: Transfer) -> WalletOutcome:
    """The same for a credit, which every wallet takes once however often it is sent."""
    if not wallet.traits.can_be_asked:
        return await wallet.credit(credit)
    told = await wallet.query(credit.id)
    return await wallet.credit(credit) if isinstance(told, NeverSent) else told
