"""How long something lasts, in words."""

DAY_S, MINUTE_S = 86_400, 60


def lasting(seconds: float) -> str:
    """Such as `2 d 3 h`, `5 min`, `40 s`: the two largest units."""
    minutes = round(seconds / MINUTE_S)
    if minutes < 1:
        return f"{seconds:.0f} s"
    days, rest = divmod(minutes, DAY_S // MINUTE_S)
    parts = [(days, "d"), (rest // 60, "h"), (rest % 60, "min")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2])
