"""Judge models: metrics, confidence intervals, baselines, quality floors and the scorecard (`scorecard.judge`)."""
