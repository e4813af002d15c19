"""Which pairs are compared, how they are weighed, and what joins: the model and the steps of a run."""
