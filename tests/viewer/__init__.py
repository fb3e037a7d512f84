"""The page, as those see it who use it: a real Chromium, over stores that real traffic has filled."""
