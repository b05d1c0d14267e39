"""What is declared as what."""

from collections.abc import Callable

from mutants.mutant import OLD, Group, Patch, WireRequest, WireResponse, at, wire

mutant = Group("media types")


def on(status: int, change: Callable[[WireRequest, WireResponse], WireResponse]) -> Patch:
    """Change responses of a status."""
    return wire(lambda call, reply: change(call, reply) if reply.status == status else reply)


def declared(call: WireRequest) -> str:
    """What the request declares."""
    return call.headers.get("content-type", "")


def taken(condition: Callable[[str], bool]) -> Patch:
    """Some media types are taken for JSON."""
    return wire(
        request=lambda call: call.with_headers(content_type="application/json") if condition(declared(call)) else call
    )


def refused(condition: Callable[[str], bool]) -> Patch:
    """Some media types are not taken for JSON."""
    return wire(
        request=lambda call: call.with_headers(content_type="text/plain") if condition(declared(call)) else call
    )


mutant("response-is-html", "SES-ANS-01")(lambda: on(200, lambda _, reply: reply.but(content_type="text/html")))
mutant("response-is-text", "SES-ANS-01")(
    lambda: on(200, lambda _, reply: reply.but(content_type="text/plain; charset=utf-8"))
)
mutant("response-is-undeclared", "SES-ANS-01")(lambda: on(200, lambda _, reply: reply.without("content-type")))
mutant("response-is-octets", "SES-ANS-01")(
    lambda: on(200, lambda _, reply: reply.but(content_type="application/octet-stream"))
)
mutant("response-is-javascript", "SES-ANS-01")(
    lambda: on(200, lambda _, reply: reply.but(content_type="application/javascript"))
)
mutant("older-response-is-text", "SES-ANS-01")(
    lambda: on(200, lambda call, reply: reply.but(content_type="text/plain") if at(OLD)(call) else reply)
)
mutant("400-is-declared-as-html", "SES-ANY-08")(lambda: on(400, lambda _, reply: reply.but(content_type="text/html")))
mutant("401-is-declared-as-html", "SES-ANY-08")(lambda: on(401, lambda _, reply: reply.but(content_type="text/html")))
mutant("charset-refused", "SES-HTTP-05")(lambda: refused(lambda text: "charset" in text.lower()))
mutant("capitals-refused", "SES-HTTP-05")(lambda: refused(lambda text: text.startswith("Application")))
mutant("charset-refused-by-the-older-operation", "SES-HTTP-05")(
    lambda: wire(
        request=lambda call: (
            call.with_headers(content_type="text/plain") if at(OLD)(call) and "charset" in declared(call) else call
        )
    )
)
mutant("text-is-json", "SES-HTTP-06")(lambda: taken(lambda text: text.startswith("text/plain")))
mutant("a-form-is-json", "SES-HTTP-06")(lambda: taken(lambda text: "urlencoded" in text))
mutant("xml-is-json", "SES-HTTP-06")(lambda: taken(lambda text: text == "application/xml"))
mutant("anything-is-json", "SES-HTTP-06")(lambda: taken(lambda _: True))
mutant("anything-is-json-for-the-older-operation", "SES-HTTP-06")(
    lambda: wire(request=lambda call: call.with_headers(content_type="application/json") if at(OLD)(call) else call)
)
mutant("what-begins-like-json-is-json", "SES-HTTP-06")(lambda: taken(lambda text: text.startswith("application/json")))
mutant("what-ends-like-json-is-json", "SES-HTTP-06")(lambda: taken(lambda text: text.endswith("json")))
mutant("other-types-are-400", "SES-HTTP-06")(lambda: on(415, lambda _, reply: reply.but(status=400)))
mutant("other-types-are-406", "SES-HTTP-06")(lambda: on(415, lambda _, reply: reply.but(status=406)))
mutant("other-types-are-a-fault", "SES-HTTP-06")(lambda: on(415, lambda _, reply: reply.but(status=500)))
