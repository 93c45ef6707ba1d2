"""How dates look where Django's own choice could be misread."""
