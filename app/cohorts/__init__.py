"""Counting children and families for planning: a question, the population it means, and what may be released."""
