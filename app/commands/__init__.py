"""The operator's commands, `family-record …`: each prints for people, or one JSON object with `--json`."""
