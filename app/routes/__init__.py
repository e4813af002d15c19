"""Pages and `/v1`, by what they are about. Handlers ask a dependency, call one function and return its view."""
