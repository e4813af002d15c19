"""What may go wrong with a cluster, said without any value; known also where Spark is not installed."""

from enum import StrEnum


class SparkFault(StrEnum):
    NO_MASTER = "the master must be a standalone cluster: spark://HOST:PORT"
    NO_SECRET = "a cluster is used only with a shared secret of at least 32 characters"  # noqa: S105
    NO_START = "Spark could not be started: it needs a Java runtime, 17 or later"
    UNREACHABLE = "the cluster cannot be reached, or refused the secret, or runs without authentication"
    NO_EXECUTOR = "the cluster offered no executor in time"
    FAILED = "a step failed on the cluster"
    INCOMPLETE = "the cluster returned something other than was asked"


class SparkError(Exception):
    """What went wrong with the cluster, without any value."""

    def __init__(self, fault: SparkFault) -> None:
        super().__init__(fault.value)
        self.fault = fault
