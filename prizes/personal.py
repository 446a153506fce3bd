"""Winners' names, phones and addresses: validated, sealed per award, masked unless somebody asks on the record."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from core.errors import InvalidField
from prizes.vault import Vault

HOME_REGION: Final = "CN"
HOME_COUNTRY_CODE: Final = 86
PHONE_CHARS_MAX: Final = 32
MASKED_FROM_END: Final = 8
RECIPIENT_CHARS_MAX: Final = 50
ADDRESS_CHARS_MIN: Final = 5
ADDRESS_CHARS_MAX: Final = 300
_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What a winner gave. Its repr says nothing, so that a log or a traceback cannot."""

    phone: str = field(repr=False)
    recipient: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


def contact_of(*, kind: str, phone: str, recipient: str | None, address: str | None) -> Contact:
    """A contact from what was typed; InvalidField names every field at fault.

    Reasons are words, for a member reads them in their own language.
    """
    faults: list[tuple[str, str]] = []
    number = _collect(faults, "phone", lambda: parse_phone(phone))
    if kind == "phone":
        faults += [(name, "not-asked-for") for name, value in (("recipient", recipient), ("address", address)) if value]
        who = where = ""
    else:
        who = _collect(faults, "recipient", lambda: _line(recipient, at_least=1, at_most=RECIPIENT_CHARS_MAX))
        where = _collect(
            faults, "address", lambda: _line(address, at_least=ADDRESS_CHARS_MIN, at_most=ADDRESS_CHARS_MAX)
        )
    if faults:
        raise InvalidField(*faults)
    return Contact(phone=number, recipient=who, address=where)


def parse_phone(typed: str) -> str:
    """A mobile number in E.164 from what people type, full-width digits and spaces included; ValueError says why not."""
    if len(typed) > PHONE_CHARS_MAX:
        raise ValueError("too-long")
    plain = unicodedata.normalize("NFKC", typed).strip()
    try:
        number = phonenumbers.parse(plain, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise ValueError("phone-unreadable") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise ValueError("phone-not-valid")
    if phonenumbers.number_type(number) not in _MOBILE:
        raise ValueError("phone-not-mobile")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(e164: str) -> str:
    """138****0000; a number from abroad keeps its country code in front."""
    national = national_phone(e164)
    hidden_from = max(len(national) - MASKED_FROM_END, 0)
    return f"{national[:hidden_from]}****{national[-4:]}"


def national_phone(e164: str) -> str:
    """As it is dialled at home: bare for a home number, 00 and the country code for one from abroad."""
    home = f"+{HOME_COUNTRY_CODE}"
    return e164.removeprefix(home) if e164.startswith(home) else f"00{e164.removeprefix('+')}"


def seal_contact(vault: Vault, *, award_id: str, contact: Contact) -> bytes:
    content = {"phone": contact.phone, "recipient": contact.recipient, "address": contact.address}
    return vault.seal(json.dumps(content, ensure_ascii=False).encode(), bound_to=award_id)


def unmask(vault: Vault, *, award_id: str, sealed: bytes) -> Contact:
    """The plain contact. Whoever shows it to a person audits that; whoever sends it, sends it to the supplier only."""
    return Contact(**json.loads(vault.open(sealed, bound_to=award_id)))


def summary(vault: Vault, *, award_id: str, sealed: bytes) -> str:
    return mask_phone(unmask(vault, award_id=award_id, sealed=sealed).phone)


def _line(typed: str | None, *, at_least: int, at_most: int) -> str:
    """One line of text: spaces collapsed, control characters refused."""
    plain = " ".join((typed or "").split())
    if any(unicodedata.category(each) in {"Cc", "Cs", "Co", "Cn"} for each in plain):
        raise ValueError("unprintable")
    if len(plain) < at_least:
        raise ValueError("missing" if not plain else "too-short")
    if len(plain) > at_most:
        raise ValueError("too-long")
    return plain


def _collect(faults: list[tuple[str, str]], name: str, parse: Callable[[], str]) -> str:
    try:
        return parse()
    except ValueError as fault:
        faults.append((name, str(fault)))
        return ""
