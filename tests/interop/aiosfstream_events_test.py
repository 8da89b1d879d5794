"""aiosfstream-ng as its users have it against sforce-org.

aiosfstream_events_test.sh starts the org; the only argument is the file with its login. Every check compares what came with what
was done; the last line counts them.
"""
import asyncio
import json
import sys
import urllib.request
from pathlib import Path

from aiosfstream_ng import Client, ReplayMarker, ReplayOption
from aiosfstream_ng.auth import PasswordAuthenticator
from aiosfstream_ng.exceptions import ServerError

LOGIN = json.loads(Path(sys.argv[1]).read_text())
INK = "/event/Low_Ink__e"
ALL = "/data/ChangeEvents"
ACCOUNTS = "/data/AccountChangeEvent"
CHECKS = 19
compared = 0
wrong = 0
token = LOGIN["access_token"]


def same(what, actual, expected):
    global compared, wrong
    compared += 1
    if actual != expected:
        wrong += 1
        print(f"FAIL {what}: {actual} is not {expected}", file=sys.stderr)


class Login(PasswordAuthenticator):
    """The flow as it is, at this org."""

    def __init__(self):
        secret = LOGIN["password"] + LOGIN["security_token"]
        super().__init__(LOGIN["client_id"], LOGIN["client_secret"], LOGIN["username"], secret)

    @property
    def _token_url(self):
        return LOGIN["url"] + "/services/oauth2/token"


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(LOGIN["url"] + path, method=method, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


async def do(method, path, body=None):
    return await asyncio.to_thread(call, method, path, body)


async def rest(method, path, body=None):
    return await do(method, "/services/data/v64.0/" + path, body)


async def publish(model):
    return await rest("POST", "sobjects/Low_Ink__e", {"Model__c": model})


async def following(client):
    return await asyncio.wait_for(client.receive(), 30)


async def model(client):
    return (await following(client))["data"]["payload"]["Model__c"]


def change(message):
    header = message["data"]["payload"]["ChangeEventHeader"]
    return message["channel"], header["changeType"], header["entityName"]


async def channels(client):
    for channel in (INK, ALL, ACCOUNTS):
        await client.subscribe(channel)
    same("subscribed", client.subscriptions, {INK, ALL, ACCOUNTS})
    answer = await publish("a")
    event = await following(client)
    same("published", (event["channel"], event["data"]["payload"]["Model__c"]), (INK, "a"))
    same("its UUID", event["data"]["event"]["EventUuid"], answer["errors"][0]["message"])
    account = await rest("POST", "sobjects/Account", {"Name": "Zoë 日本"})
    changes = sorted([change(await following(client)) for _ in range(2)])
    same("created", changes, [(ACCOUNTS, "CREATE", "Account"), (ALL, "CREATE", "Account")])
    for channel, code in (("/event/Nope__e", 400), ("/data/*", 403), ("/u/no", 404)):
        try:
            await client.subscribe(channel)
            same(channel, "subscribed", code)
        except ServerError as error:
            same(channel, error.error_code, code)
    await client.unsubscribe(ALL)
    await rest("PATCH", "sobjects/Account/" + account["id"], {"Phone": "1"})
    same("on the one", change(await following(client)), (ACCOUNTS, "UPDATE", "Account"))
    await client.subscribe(ALL)
    same("after its marker", change(await following(client)), (ALL, "UPDATE", "Account"))


async def sessions(client):
    global token
    same("the org forgets its client", (await do("DELETE", "/__org/streaming"))["dropped"], 1)
    await publish("while away")
    same("nothing lost", await model(client), "while away")
    await do("POST", "/__org/faults", {"spec": "forget:advice=none,times=1,path=/cometd"})
    await publish("forgotten")
    same("told by none", await model(client), "forgotten")
    await do("POST", "/__org/expire-sessions")
    token = (await do("POST", "/__org/tokens"))["access_token"]
    await publish("expired")
    same("logged in anew", await model(client), "expired")
    same("nothing twice", client.has_pending_messages, False)


async def replays(first):
    async with Client(Login(), replay=ReplayOption.ALL_EVENTS) as client:
        await client.subscribe(INK)
        same("all that are kept", [await model(client) for _ in range(2)], ["a", "while away"])
    async with Client(Login(), replay={INK: first}) as client:
        await client.subscribe(INK)
        same("after an id", await model(client), "while away")
    await do("DELETE", "/__org/events")
    await publish("last")
    async with Client(Login(), replay={INK: first}) as client:
        try:
            await client.subscribe(INK)
            same("too old", "subscribed", 400)
        except ServerError as error:
            same("too old", error.error_code, 400)
    async with Client(Login(), replay={INK: first}, replay_fallback=ReplayOption.ALL_EVENTS) as client:
        await client.subscribe(INK)
        same("and then", await model(client), "last")


async def main():
    markers = {}
    # It prints a traceback for each connect that its own goodbye cancels.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with Client(Login(), replay=markers) as client:
        await channels(client)
        first = ReplayMarker(date=markers[INK].date, replay_id=markers[INK].replay_id)
        await sessions(client)
    await replays(first)
    same("each said goodbye", (await do("GET", "/__org/events"))["clients"], 0)


asyncio.run(main())
print(f"aiosfstream-ng: {compared} compared, {wrong} wrong")
sys.exit(0 if wrong == 0 and compared == CHECKS else 1)
