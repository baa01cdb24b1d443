"""Runs every example of the protocol against a server: websockets_client.py ws://HOST:PORT/ws/assistant

Prints `N passed, N failed`; exits with 1 when a reply differs, byte for byte, from what examples.json expects.
"""

import asyncio
import json
import pathlib
import sys

import websockets

EXAMPLES = json.loads((pathlib.Path(__file__).parent / "examples.json").read_text(encoding="utf-8"))


def fits(reply, example):
    return (
        isinstance(reply, str)
        and reply == example.get("is", reply)
        and reply.startswith(example.get("begins", ""))
        and reply.endswith(example.get("ends", ""))
        and all(part in reply for part in example.get("holds", []))
    )


async def main(url):
    failed = 0
    async with websockets.connect(url, subprotocols=["other", "docent.v1"]) as socket:
        if socket.subprotocol != "docent.v1":
            failed += 1
            print(f"FAILED subprotocol: {socket.subprotocol!r}")
        for example in EXAMPLES:
            await socket.send(example["send"])
            reply = await asyncio.wait_for(socket.recv(), 30)
            if not fits(reply, example):
                failed += 1
                print(f"FAILED {example['send']}\n  got {reply}\n  expected {example}")
        # All at once: as many replies, in the order of the requests. An assistant is chosen by now, so the first
        # example is answered and not compared.
        for example in EXAMPLES:
            await socket.send(example["send"])
        for example in EXAMPLES:
            reply = await asyncio.wait_for(socket.recv(), 30)
            if example is not EXAMPLES[0] and not fits(reply, example):
                failed += 1
                print(f"FAILED pipelined {example['send']}\n  got {reply}")
    total = 2 * len(EXAMPLES) + 1
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(asyncio.run(main(sys.argv[1])))
