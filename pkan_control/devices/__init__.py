"""What one physical element does."""
