import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from stream_app.pool_beat import PoolBeat


def test_a_free_thread_of_the_pool_beats_and_a_hanging_pool_does_not() -> None:
    beats: list[str] = []
    asyncio.run(ask_while_the_pool_hangs(beats))
    assert beats == ["pool_0", "pool_0"]


async def ask_while_the_pool_hangs(beats: list[str]) -> None:
    loop, released = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1, "pool"))
    pool = PoolBeat(lambda: beats.append(threading.current_thread().name))
    pool.ask()
    await loop.run_in_executor(None, str)
    assert len(beats) == 1
    hanging = loop.run_in_executor(None, released.wait)
    for _ in range(5):
        pool.ask()
    assert len(beats) == 1
    released.set()
    await hanging
    await loop.run_in_executor(None, str)
