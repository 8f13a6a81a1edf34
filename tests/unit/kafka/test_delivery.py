import asyncio

import pytest

from stream_app.kafka.delivery import turn_loop


@pytest.mark.parametrize("times", [0, 1, 6])
def test_whatever_is_ready_takes_a_step_in_each_turn(times: int) -> None:
    steps = 0

    async def other() -> None:
        nonlocal steps
        while True:
            await asyncio.sleep(0)
            steps += 1

    async def scenario() -> int:
        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        before = steps
        await turn_loop(times)
        task.cancel()
        return steps - before

    assert asyncio.run(scenario()) == times
