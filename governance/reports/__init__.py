"""Who looked at my record: requests to know it, what must be weighed before it is told, and what is told."""
