"""A mail server that a test listens to: aiosmtpd on a free port. Writes its port, then a line of JSON for each mail.

Arguments: how it is protected (plain, starttls, smtps), then `login` for a server that wants one, `certificate KEY CHAIN`.
It refuses `nobody@`, puts off `later@`, and hangs up on `cut@` when it has the mail.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

arguments = sys.argv[1:]
protection = arguments[0]
context = None
if "certificate" in arguments:
    at = arguments.index("certificate")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(arguments[at + 2], arguments[at + 1])


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 there is no such mailbox"
        if address.startswith("later@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: mail.get_body(preferencelist=(kind,)).get_content()
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "text": part("plain").replace("\r\n", "\n"),
            "html": part("html").replace("\r\n", "\n"),
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
        }
        print(json.dumps(told), flush=True)
        if envelope.rcpt_tos[0].startswith("cut@"):
            server.transport.abort()
        return "250 OK"


def authenticate(server, session, envelope, mechanism, login):
    if (login.login, login.password) == (b"bot", b"s3cret/with@signs"):
        return AuthResult(success=True, auth_data="bot")
    return AuthResult(success=False, handled=False)


def protocol():
    wants_login = "login" in arguments
    return SMTP(
        Handler(),
        tls_context=context if protection == "starttls" else None,
        require_starttls=protection == "starttls",
        auth_required=wants_login,
        auth_require_tls=protection == "starttls",
        authenticator=authenticate if wants_login else None,
    )


async def main():
    loop = asyncio.get_running_loop()
    tls = context if protection == "smtps" else None
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Until the test closes the pipe.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
