"""Published models as data: cards."""
