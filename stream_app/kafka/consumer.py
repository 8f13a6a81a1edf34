"""Faust's driver, made safe and fast: bulk delivery, exact offsets, a watchdog, a last commit at revoke.

Stock Faust delivers record by record, may commit past a record that is still in work, forgets what was acked
when partitions are revoked, never sees that its group coordinator failed, and reads aborted transactions.
Each override below says which of these it mends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, cast

from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord
from faust.transport.consumer import ensure_TP, ensure_TPset
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import Message, ack_lock
from mode import Service
from mode.utils.futures import notify

from stream_app.kafka.consumer_thread import ConsumerThread
from stream_app.kafka.delivery import Delivery
from stream_app.kafka.offsets import OffsetTracker
from stream_app.kafka.requests import Membership
from stream_app.kafka.slices import Slice, SliceMessage

_BUFFER_FULL_PAUSE_S = 0.01
_WATCH_INTERVAL_S = 1.0


class Watch(NamedTuple):
    """Who is told what happens in the transport.

    Attributes:
        committed: a partition's offset was committed.
        commit_failed: a commit was refused; it is tried again.
        assigned, revoked: the partitions of the input.
        offsets_lost: topic, partition, first lost offset, number lost to retention before they were read.
        group_failed: the consumer group cannot go on; does not return.
        consumer_beat: the consumer's thread lives; called in it, about once a second.
    """

    committed: Callable[[TP, int], None]
    commit_failed: Callable[[], None]
    assigned: Callable[[set[TP]], None]
    revoked: Callable[[set[TP]], None]
    offsets_lost: Callable[[TP, int, int], None]
    group_failed: Callable[[BaseException], None]
    consumer_beat: Callable[[], None]


class WorkerTransport(Protocol):
    """A transport that knows who is told what happens, and how outputs and offsets reach the broker."""

    watch: Watch
    delivery: Delivery


class Consumer(driver.Consumer):
    """Faust's consumer with exact offsets."""

    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Faust's signature
        self._trackers: defaultdict[TP, OffsetTracker] = defaultdict(OffsetTracker)
        self._read_to: dict[TP, int] = {}
        self._rewinds: dict[TP, int] = {}
        self._taken_over: set[TP] = set()
        self._thrown_away: dict[TP, int] = {}
        super().__init__(*args, **kwargs)
        transport = cast("WorkerTransport", self.transport)
        self._watch, self._delivery = transport.watch, transport.delivery

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: Slice) -> SliceMessage:
        first, last = record.records[0], record.records[-1]
        expected = self._read_to.get(tp)
        if expected is not None and first.offset > expected:
            self.add_future(self._count_lost({tp: expected}))
        self._read_to[tp] = last.offset + 1
        message = SliceMessage(
            tp.topic,
            tp.partition,
            last.offset,
            timestamp=first.timestamp / 1000,
            timestamp_type=first.timestamp_type,
            headers=None,
            key=None,
            value=cast("bytes", record),  # Faust hands the value on to the schema unread
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )
        message.is_published = False
        message.tracker = self._trackers[tp]
        if tp not in self._taken_over:
            self._throw_away({tp: record.records})
        is_read_again = tp in self._rewinds or tp not in self._taken_over
        message.epoch = None if is_read_again else message.tracker.delivered(last.offset)
        return message

    def _throw_away(self, fetched: Mapping[TP, Sequence[ConsumerRecord]]) -> None:
        for tp, records in fetched.items():
            if records:
                self._thrown_away[tp] = min(records[0].offset, self._thrown_away.get(tp, records[0].offset))

    def pause_behind(self, message: SliceMessage) -> None:
        """Fetch no more of the message's partition. What was delivered behind it is stale, and read again."""
        tp = message.tp
        if self._trackers.get(tp) is message.tracker:  # else it was given up meanwhile
            message.tracker.rewind(message.offset)
            self._rewinds[tp] = message.offset + 1
            self.pause_partitions({tp})

    def on_buffer_drop(self, tp: TP) -> None:
        """Stock Faust fetches a paused partition again as soon as the buffer has room."""
        super().on_buffer_drop(tp)
        self._get_active_partitions().difference_update(self._paused_partitions)

    async def _reclaim(self) -> None:
        """Read again what was thrown away behind the last seek: no other seek would come back to it."""
        for tp, offset in list(self._thrown_away.items()):
            if tp in self._taken_over:
                del self._thrown_away[tp]
                with suppress(IllegalStateError):  # given up meanwhile
                    if (await self.position(tp) or 0) > offset:
                        self._rewinds[tp] = min(offset, self._rewinds.get(tp, offset))

    async def _rewind(self) -> None:
        """Seek to where paused partitions go on.

        Between two fetches: while Faust hands on what it has fetched, it would undo the seek.
        """
        rewinds, self._rewinds = self._rewinds, {}
        for tp, offset in rewinds.items():
            try:
                await self._thread.seek_wait({tp: offset})
            except IllegalStateError:
                continue  # given up meanwhile: the next owner begins with what is committed
            self._read_to[tp] = offset

    def ack(self, message: Message) -> bool:
        """Faust is done with the message; its offset counts only if its outputs are held by the broker."""
        slice_message = cast("SliceMessage", message)
        with ack_lock:
            message.acked = True
            self._unacked_messages.discard(message)
            if slice_message.is_published:
                slice_message.tracker.acked(message.offset)
            notify(self._waiting_for_ack)
            return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no book-keeping: the tracker goes by what was delivered."""

    def _filter_tps_with_pending_acks(self, topics: object = None) -> Iterator[TP]:  # noqa: ARG002 - Faust's signature
        return iter(list(self._trackers))

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        offsets = {tp: self._trackers[tp].committable() for tp in tps}
        return {tp: offset for tp, offset in offsets.items() if offset is not None}

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ANN401 - Faust's signature
        """Stock Faust waits for a commit under way and adds none: what was acked meanwhile was left out."""
        while self._commit_fut is not None:
            await self.maybe_wait_for_commit_to_finish()
        return bool(await super().commit(topics, start_new_transaction))

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        try:
            done = await self._delivery.commit(offsets, self._thread.commit)
        except Exception:  # noqa: BLE001 - whatever refused it, the next commit covers the same records
            self._watch.commit_failed()
            return False
        for tp, offset in offsets.items() if done else ():
            self._trackers[tp].committed(offset)
            self._watch.committed(tp, offset)
        return bool(done)

    async def perform_seek(self) -> None:
        """Take the partitions over and go on at what is committed.

        What was delivered before and is not in work is stale, and delivered again; the trackers start anew.
        """
        self._thrown_away.clear()
        for tracker in self._trackers.values():
            tracker.expire()
        partitions = ensure_TPset(self.assignment())
        member = Membership(self._thread.member_id(), self.app.consumer_generation_id)
        try:
            await self._delivery.take_over(partitions, member)
        except TimeoutError as error:
            self._watch.group_failed(error)
        for of_partition in (self._trackers, self._read_to, self._rewinds):
            of_partition.clear()
        await super().perform_seek()
        self._taken_over = partitions
        held = self.assignment()
        expected = {tp: offset for tp, offset in self._committed_offset.items() if offset and tp in held}
        self.add_future(self._count_lost(expected))

    async def _count_lost(self, expected: Mapping[TP, int]) -> None:
        """Tell of records that retention took before they were read: those below a log's first offset."""
        try:
            earliest = await self.earliest_offsets(*expected) if expected else {}
        except KafkaError:
            return  # who cannot be asked cannot be read from either: the next seek asks again
        for tp, first in ((ensure_TP(place), offset) for place, offset in earliest.items()):
            if first > expected[tp]:
                self._watch.offsets_lost(tp, expected[tp], first - expected[tp])

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in work and commit it, while the partitions are still ours."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            for of_partition in (self._trackers, self._read_to, self._rewinds, self._thrown_away):
                of_partition.pop(tp, None)
        self._taken_over -= revoked
        self._watch.revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell who watches."""
        await super().on_partitions_assigned(assigned, generation_id)
        self._watch.assigned(assigned)

    async def _wait_next_records(self, timeout: float) -> tuple[Any, Any]:  # noqa: ASYNC109 - Faust's signature
        """Stock Faust sleeps a second when every buffer is full, and seeks back when the flow has stopped.

        That seek comes in the middle of a drain or a rebalance and forgets what is still to be acked, so that
        it is read twice. There is no need: Faust seeks before it goes on, so what was fetched is thrown away.
        A fetch that lasts through a rebalance may end behind that seek, though: hence `_reclaim`.

        Nor may it wait long for a few partitions while the buffers of the others are full: as soon as those
        have room they are to be asked for, too.
        """
        await self._wait_for_flow()
        await self._reclaim()
        await self._rewind()
        active = self._get_active_partitions()
        if not active:
            await self.sleep(_BUFFER_FULL_PAUSE_S)
            return {}, active
        are_some_full = self._buffered_partitions - self._paused_partitions
        waits_s = _BUFFER_FULL_PAUSE_S if are_some_full else timeout
        # A copy: of a set that has become empty aiokafka gives the records of all partitions, of paused ones
        # too, and those would be dropped and lost.
        records = await self._getmany(active_partitions=set(active), timeout=waits_s)
        if self.flow_active:
            return records, active
        self._throw_away(records)
        await self._wait_for_flow()
        return {}, active

    async def _wait_for_flow(self) -> None:
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())

    @Service.task
    async def _watch_coordinator(self) -> None:
        while not self.should_stop:
            await self.sleep(_WATCH_INTERVAL_S)
            try:
                await self._thread.call_thread(self._thread.check_coordinator)
            except Exception as error:  # noqa: BLE001 - any of them leaves the worker alive and idle for ever
                if not self._stopped.is_set():  # otherwise the thread has ended, as it should
                    self._watch.group_failed(error)
