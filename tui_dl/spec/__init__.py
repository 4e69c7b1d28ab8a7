"""What an experiment is: typed, validated data, without torch."""
