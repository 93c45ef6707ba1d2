"""English dates with the month in letters: 02/03/2026 is another day in London than in New York."""

DATE_FORMAT = "j F Y"
MONTH_DAY_FORMAT = "j F"
