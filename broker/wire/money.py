"""Amounts of minor units as people read them."""

_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "KWD": 3, "TND": 3, "BHD": 3}


def as_text(amount: int, currency: str) -> str:
    """Such as `12.30 EUR`; ISO 4217 says how many digits the minor unit has."""
    digits = _MINOR_DIGITS.get(currency, 2)
    if digits == 0:
        return f"{amount} {currency}"
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    return f"{sign}{size // 10**digits}.{size % 10**digits:0{digits}d} {currency}"
