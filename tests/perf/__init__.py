"""What offpath costs, beside what users have today. ``make bench`` runs it."""
