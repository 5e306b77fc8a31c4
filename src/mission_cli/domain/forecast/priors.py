"""What missions use before there is any own history: fitted to 31 missions of another tool.

`tests/unit/test_forecast_model.py` fits these figures again to the data in `tests/data/missions.csv`.
"""

from __future__ import annotations

from mission_cli.domain.forecast.figures import Figures, Spread

SOURCE = "31 missions of another tool"
CACHE_SHARES = {"cache_read": 0.9441, "cache_write": 0.0446, "output": 0.0089, "input": 0.0024}
"""The kinds of their tokens."""
PRICE_SPREAD = 0.34
"""How much the dollars of a token varied between missions, with the same kinds of models."""
PRIOR = Figures(
    tokens=Spread(mean=14.777, missions=0.261, attempts=0.5, unsure=0.069),
    minutes=Spread(mean=2.888, missions=1.140, attempts=0.7, unsure=0.218),
    fixes=0.277,
    fix_shape=0.790,
    again=0.164,
)
"""About 2.6 million tokens and 18 minutes an attempt.

Totals of missions show neither how attempts of one mission differ nor how long judging takes: both are assumed.
"""
