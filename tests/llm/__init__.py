"""What offpath reads of traffic with models, held against what the official clients say and hear."""
