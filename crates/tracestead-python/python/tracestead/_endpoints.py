"""Where spans go over OTLP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Endpoint = tuple[str, list[tuple[str, str]], float | None]


@dataclass(frozen=True)
class OtlpExporter:
    """An endpoint that takes spans as protobuf over HTTP: Langfuse, Phoenix, a collector.

    Without a path, OTLP's ``/v1/traces`` is meant. The headers, such as a key, are sent with every request.
    """

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float | None = None
    """How many seconds a request may take; 10 if it is not said."""

    def _is_same_as(self, other: object) -> bool:
        return getattr(other, "endpoint", None) == self.endpoint

    def _native(self) -> Endpoint:
        return self.endpoint, list(self.headers.items()), self.timeout
