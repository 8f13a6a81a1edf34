"""Room for slices that wait for the broker."""

import asyncio

from stream_app.room import Room


def test_a_full_room_lets_nobody_in_until_some_have_left() -> None:
    async def scenario() -> None:
        room = Room(2)
        await room.free()
        room.take(1.5)
        await room.free()
        room.take(1.25)
        waiting = asyncio.create_task(room.free())
        await asyncio.sleep(0)
        room.give_back(0.75)
        await asyncio.sleep(0)
        assert not waiting.done()
        room.give_back(0.25)
        await asyncio.wait_for(waiting, 1)

    asyncio.run(scenario())
