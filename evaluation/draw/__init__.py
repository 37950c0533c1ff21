"""The draw of the experts who sit on a committee (C38, G25)."""
