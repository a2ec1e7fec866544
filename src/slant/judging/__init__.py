"""How good is a model? Metrics, intervals, floors and the scorecard; `scorecard.judge` is the way in."""
