"""The same model on a Spark cluster."""
