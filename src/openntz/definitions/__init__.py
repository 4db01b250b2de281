"""What monitoring and re-analysis share."""
