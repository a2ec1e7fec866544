"""From a recipe to a model folder that may be shipped: trained, thresholds chosen on dev, quantised, judged."""
