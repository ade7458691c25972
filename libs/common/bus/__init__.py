"""The bus: a service's table of rows in, effects that happen once out. `docs/bus.md` tells the whole story."""

from libs.common.bus.table import On, Outlet, Service, Task, Tx

__all__ = ["On", "Outlet", "Service", "Task", "Tx"]
