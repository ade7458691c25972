"""The slow work of a row, done before its transaction is opened. Decides what a failure of it means, not what it does."""

from collections.abc import Sequence

from libs.common.bus.table import On
from libs.common.bus.transact import Delivery, Failed, KeyHeldError, Transactor, as_infrastructure, is_infrastructure
from libs.common.errors import PermanentError, TransientError


class SlowWork:
    """Does the `work` of single deliveries, or the `prepare` of a batch."""

    def __init__(self, row: On, name: str, transactor: Transactor):
        """Serve `row`, whose consumer is called `name`."""
        self._row = row
        self._name = name
        self._transactor = transactor

    async def do(self, batch: Sequence[Delivery]) -> list[Failed]:
        """Return the deliveries whose work failed; the others are ready to be handled.

        Raises TransientError for faults that are not the messages': the row waits.
        """
        if self._row.prepare is not None:
            return await self._prepared(batch)
        if self._row.work is None:
            return []
        return [failure for delivery in batch if (failure := await self._worked(delivery))]

    async def _prepared(self, batch: Sequence[Delivery]) -> list[Failed]:
        """Prepare the whole batch; when that fails, each delivery alone, so that only the culprits and their keys wait."""
        try:
            await self._prepare(batch)
        except TransientError:
            raise
        except Exception as error:
            if is_infrastructure(error):
                raise as_infrastructure(error) from error
            return [Failed(batch[0], error)] if len(batch) == 1 else await self._one_by_one(batch)
        return []

    async def _one_by_one(self, batch: Sequence[Delivery]) -> list[Failed]:
        failed: dict[str, list[Failed]] = {}
        for delivery in batch:
            key = self._row.key_of(delivery.message)
            if key in failed:
                failed[key].append(Failed(delivery, KeyHeldError()))
            elif found := await self._prepared([delivery]):
                failed[key] = found
        return [failure for each in failed.values() for failure in each]

    async def _prepare(self, batch: Sequence[Delivery]) -> None:
        assert self._row.prepare is not None
        result = await self._row.prepare([delivery.message for delivery in batch], self._transactor.state)
        for delivery in batch:
            delivery.worked = result

    async def _worked(self, delivery: Delivery) -> Failed | None:
        """Do the work of a delivery that was not done or handled before."""
        assert self._row.work is not None
        if delivery.worked is not None:
            return None
        if await self._transactor.knows(self._name, delivery.message.event_id):
            return None
        try:
            delivery.worked = await self._row.work(delivery.message)
        except PermanentError as error:
            if not self._row.is_command:
                return Failed(delivery, error)
            await self._transactor.refuse(self._row, self._name, delivery, error)
        except Exception as error:
            if is_infrastructure(error):
                raise as_infrastructure(error) from error
            return Failed(delivery, error)
        return None
