"""The gateway's settings; refuses an address other machines can reach, because there is no login yet."""

import ipaddress
from pathlib import Path

from pydantic import Field

from libs.common.errors import RefusedError
from libs.common.settings import CommonSettings


class Settings(CommonSettings):
    """Where the gateway listens and how long a person waits."""

    host: str = Field(default="127.0.0.1", description="address to listen on; loopback only until there is a login")
    port: int = Field(default=3000, ge=0, le=65_535, description="port to listen on; 0 takes a free one")
    ask_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="seconds a request waits for a command's answer"
    )
    body_timeout_s: float = Field(default=10.0, gt=0, le=600, description="seconds a request may take to send its body")
    max_sockets: int = Field(default=256, ge=1, le=10_000, description="WebSocket connections open at once")

    @property
    def port_file(self) -> Path:
        """File that holds the port in use while the gateway runs."""
        return self.data_dir / "gateway.port"

    def check_loopback(self) -> None:
        """Raise RefusedError unless only this machine can reach `host`."""
        try:
            loopback = self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise RefusedError(
                f"the gateway does not listen on {self.host[:64]!r}: other machines could reach it and there is no login",
                code="gateway.not_loopback",
                pointer="SENTINEL_HOST",
                hint="set SENTINEL_HOST=127.0.0.1; listening elsewhere needs authentication, which a later release brings",
            )
