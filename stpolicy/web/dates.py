"""Dates as pages say them."""


def moment(date: str) -> str:
    """A date of RFC 3339 in UTC, to the minute; any other as it is."""
    return f"{date[:10]} {date[11:16]} UTC" if len(date) >= 20 and date.endswith("Z") else date
