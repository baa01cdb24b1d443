"""A client that lives through the restarts of its servers: through_proxy.py URL once | load STOP_FILE

`load` keeps 50 clients asking. A connection closed with 1001 is opened anew and its question asked again; anything else that
goes wrong, and a question without an answer after that, is a lost answer.
"""
import asyncio
import json
import os
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

CLIENTS = 50
URL, MODE = sys.argv[1], sys.argv[2]


async def session():
    socket = await connect(URL, open_timeout=10)
    await socket.send(json.dumps({"type": "select_assistant", "assistant_id": 1}))
    reply = json.loads(await asyncio.wait_for(socket.recv(), 10))
    assert reply["type"] == "success", reply
    return socket


async def ask(socket):
    await socket.send(json.dumps({"type": "question", "question": "Какой график работы?"}))
    reply = json.loads(await asyncio.wait_for(socket.recv(), 10))
    assert reply["type"] == "answer", reply


async def client(stop, told):
    socket = None
    while not os.path.exists(stop):
        for attempt in range(3):
            try:
                socket = socket or await session()
                await ask(socket)
                told["answers"] += 1
                break
            except ConnectionClosed as closed:
                socket = None
                code = closed.rcvd.code if closed.rcvd else None
                told["moves"] += 1
                if code != 1001 or attempt == 2:
                    told["lost"] += 1
        await asyncio.sleep(0.02)
    if socket:
        await socket.close()


async def main():
    if MODE == "once":
        socket = await session()
        await ask(socket)
        await socket.close()
        return
    told = {"answers": 0, "moves": 0, "lost": 0}
    await asyncio.gather(*(client(sys.argv[3], told) for _ in range(CLIENTS)))
    print(f"{told['answers']} answers, {told['moves']} moves to another server, {told['lost']} lost")
    # Both servers were restarted, so clients moved; without a move the test would show nothing.
    assert told["lost"] == 0 and told["moves"] > 0 and told["answers"] > 1000, told


asyncio.run(main())
